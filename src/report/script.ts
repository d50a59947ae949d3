/** The script of the page: filters, sorting and enlarging. Without it the page still shows everything. */
export const SCRIPT = `
const toolbar = document.querySelector('.toolbar');
const gallery = document.querySelector('.gallery');
const dialog = document.querySelector('dialog');
const sort = document.querySelector('[data-sort]');
const reverse = document.querySelector('[data-reverse]');
const filters = [...document.querySelectorAll('[data-filter]')];
const cards = [...gallery.children].map((element) => ({
  element,
  file: element.dataset.file,
  states: element.dataset.states.split(' '),
  scores: element.dataset.scores.split(' ').map(Number),
}));
let shown = cards;
let current = 0;

function update() {
  const filter = filters.find((button) => button.getAttribute('aria-pressed') === 'true').dataset.filter;
  const sign = reverse.getAttribute('aria-pressed') === 'true' ? -1 : 1;
  const order =
    sort.value === 'file'
      ? (a, b) => a.file.localeCompare(b.file)
      : (a, b) => b.scores[sort.value] - a.scores[sort.value];
  cards.sort((a, b) => sign * order(a, b));
  for (const card of cards) card.element.hidden = !card.states.includes(filter);
  gallery.append(...cards.map((card) => card.element));
  shown = cards.filter((card) => !card.element.hidden);
  document.querySelector('.count').textContent = shown.length + ' of ' + cards.length + ' images';
}

function enlarge(index) {
  current = (index + shown.length) % shown.length;
  const copy = shown[current].element.cloneNode(true);
  copy.querySelector('details').open = true;
  copy.querySelector('[data-enlarge]').remove();
  dialog.querySelector('.stage').replaceChildren(copy);
  if (!dialog.open) dialog.showModal();
}

for (const button of filters) {
  button.addEventListener('click', () => {
    for (const other of filters) other.setAttribute('aria-pressed', String(other === button));
    update();
  });
}
sort.addEventListener('change', update);
reverse.addEventListener('click', () => {
  reverse.setAttribute('aria-pressed', String(reverse.getAttribute('aria-pressed') !== 'true'));
  update();
});
gallery.addEventListener('click', (event) => {
  if (!event.target.closest('.strip, [data-enlarge]')) return;
  enlarge(shown.findIndex((card) => card.element.contains(event.target)));
});
for (const button of gallery.querySelectorAll('[data-enlarge]')) button.hidden = false;
dialog.addEventListener('click', (event) => {
  const move = event.target.dataset.move;
  if (move) enlarge(current + Number(move));
  else if (event.target === dialog || 'close' in event.target.dataset) dialog.close();
});
dialog.addEventListener('keydown', (event) => {
  if (event.key === 'ArrowLeft') enlarge(current - 1);
  if (event.key === 'ArrowRight') enlarge(current + 1);
});
toolbar.hidden = false;
update();
`;
