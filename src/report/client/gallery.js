// Filters, sorting and enlarging of the images. Without it the page still shows all of them.

/** @template {Element} T @param {string} selector @param {new () => T} type @returns {T} */
function find(selector, type) {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`The page has no ${selector}.`);
  return element;
}

const toolbar = find('.toolbar', HTMLElement);
const gallery = find('.gallery', HTMLElement);
const dialog = find('dialog', HTMLDialogElement);
const stage = find('.stage', HTMLElement);
const sort = find('[data-sort]', HTMLSelectElement);
const reverse = find('[data-reverse]', HTMLButtonElement);
const count = find('.count', HTMLElement);
const filters = [...document.querySelectorAll('button[data-filter]')];

/** @typedef {{ element: HTMLElement, place: number, file: string, states: string[], scores: number[] }} Card */

/** @type {Card[]} */
const cards = [...gallery.querySelectorAll('article')].map((element, place) => ({
  element,
  place,
  file: element.dataset.file ?? '',
  states: element.dataset.states?.split(' ') ?? [],
  scores: element.dataset.scores?.split(' ').map(Number) ?? [],
}));
let visible = cards;
let current = 0;

/** @param {Card} a @param {Card} b */
function order(a, b) {
  if (sort.value === 'worst') return a.place - b.place;
  if (sort.value === 'file') return a.file.localeCompare(b.file);
  return (b.scores[Number(sort.value)] ?? 0) - (a.scores[Number(sort.value)] ?? 0);
}

function update() {
  const pressed = filters.find((button) => button.getAttribute('aria-pressed') === 'true');
  const filter = pressed?.getAttribute('data-filter') ?? 'all';
  const sign = reverse.getAttribute('aria-pressed') === 'true' ? -1 : 1;
  cards.sort((a, b) => sign * order(a, b));
  for (const { element, states } of cards) element.hidden = !states.includes(filter);
  gallery.append(...cards.map(({ element }) => element));
  visible = cards.filter(({ element }) => !element.hidden);
  count.textContent = `${visible.length} of ${cards.length} images`;
}

/** @param {number} index */
function enlarge(index) {
  current = (index + visible.length) % visible.length;
  const copy = visible[current]?.element.cloneNode(true);
  if (!(copy instanceof HTMLElement)) return;
  for (const details of copy.querySelectorAll('details')) details.open = true;
  copy.querySelector('[data-enlarge]')?.remove();
  stage.replaceChildren(copy);
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
gallery.addEventListener('click', ({ target }) => {
  if (!(target instanceof Element) || !target.closest('.strip, [data-enlarge]')) return;
  enlarge(visible.findIndex(({ element }) => element.contains(target)));
});
for (const button of gallery.querySelectorAll('[data-enlarge]')) button.removeAttribute('hidden');
dialog.addEventListener('click', ({ target }) => {
  if (!(target instanceof HTMLElement)) return;
  const { move, close } = target.dataset;
  if (move) enlarge(current + Number(move));
  else if (target === dialog || close !== undefined) dialog.close();
});
dialog.addEventListener('keydown', ({ key }) => {
  if (key === 'ArrowLeft') enlarge(current - 1);
  if (key === 'ArrowRight') enlarge(current + 1);
});
toolbar.hidden = false;
update();

export {};
