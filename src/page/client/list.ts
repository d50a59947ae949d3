/** The list of images: a row each, sorted and filtered. */
import { formatScore } from '../../report/parts/format.ts';
import { element, made } from './elements.ts';
import { type Entry, type State, stateOf } from './entry.ts';
import { drawPicture, readPicture } from './picture.ts';

const COLUMNS = ['place', 'file', 'score', 'verdict'] as const;
type Column = (typeof COLUMNS)[number];

const WORDS: Record<State, string> = {
  ...{ waiting: 'waiting', flagged: 'flagged', passed: 'passed', unreadable: 'not judged' },
};

/** What a person has to look at comes first. */
const URGENCY: Record<State, number> = { flagged: 0, unreadable: 1, passed: 2, waiting: 3 };

const { compare } = new Intl.Collator('en', { numeric: true });

const ORDERS: Record<Column, (a: Entry, b: Entry) => number> = {
  place: (a, b) => a.place - b.place,
  file: (a, b) => compare(a.name, b.name),
  score: (a, b) => scoreOf(b) - scoreOf(a),
  verdict: (a, b) => URGENCY[stateOf(a)] - URGENCY[stateOf(b)] || scoreOf(b) - scoreOf(a),
};

const scoreOf = ({ verdict }: Entry) => verdict?.score ?? Number.NEGATIVE_INFINITY;

/** Of a row's picture, in pixels. */
const THUMBNAIL = 96;

interface Row {
  readonly line: HTMLTableRowElement;
  readonly button: HTMLButtonElement;
  readonly score: HTMLTableCellElement;
  readonly verdict: HTMLTableCellElement;
}

export class List {
  readonly entries: Entry[] = [];
  private readonly rows = new Map<Entry, Row>();
  private readonly body = element('rows', HTMLTableSectionElement);
  private readonly headings = new Map<Column, HTMLTableCellElement>();
  private readonly filters = [...document.querySelectorAll<HTMLButtonElement>('button[data-filter]')];
  private column: Column = 'place';
  private isReversed = false;
  private shown: Entry[] = [];
  private current: Entry | null = null;
  private isStale = false;
  private isPressed = false;

  /** @param onSelect is told which image is to be looked at; null for none */
  constructor(private readonly onSelect: (entry: Entry | null) => void) {
    for (const column of COLUMNS) {
      const heading = element(`by-${column}`, HTMLTableCellElement);
      this.headings.set(column, heading);
      heading.querySelector('button')?.addEventListener('click', () => this.sortBy(column));
    }
    for (const button of this.filters) {
      button.addEventListener('click', () => {
        for (const other of this.filters) other.setAttribute('aria-pressed', String(other === button));
        this.arrange();
      });
    }
    this.body.addEventListener('pointerdown', () => {
      this.isPressed = true;
    });
    for (const end of ['pointerup', 'pointercancel']) {
      window.addEventListener(end, () => {
        this.isPressed = false;
      });
    }
    this.body.addEventListener('keydown', (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      this.move(step);
    });
    this.arrange();
  }

  add(entries: readonly Entry[]): void {
    for (const entry of entries) {
      this.entries.push(entry);
      this.rows.set(entry, this.rowOf(entry));
    }
    this.arrange();
    if (!this.current && entries[0]) this.select(entries[0]);
  }

  /** Shows what became of an image. */
  update(entry: Entry): void {
    const row = this.rows.get(entry);
    if (!row) return;
    const state = stateOf(entry);
    row.line.dataset.state = state;
    row.score.textContent = entry.verdict ? formatScore(entry.verdict.score) : '–';
    const remarks = entry.error === null ? (entry.verdict?.unlike ?? []) : [entry.error];
    const badge = made('span', { text: WORDS[state], className: `badge ${state}` });
    row.verdict.replaceChildren(badge, ...remarks.map((text) => made('small', { text })));
    this.arrangeSoon();
    if (entry === this.current) this.onSelect(entry);
  }

  clear(): void {
    this.entries.length = 0;
    this.rows.clear();
    this.current = null;
    this.arrange();
    this.onSelect(null);
  }

  private sortBy(column: Column): void {
    this.isReversed = column === this.column && !this.isReversed;
    this.column = column;
    this.arrange();
  }

  /** Once for all that is judged within a moment. */
  private arrangeSoon(): void {
    if (this.isStale) return;
    this.isStale = true;
    const whenFree = () => {
      // A row that moved under a pressed button would lose the click.
      if (this.isPressed) setTimeout(whenFree, 100);
      else this.arrange();
    };
    setTimeout(whenFree, 100);
  }

  private arrange(): void {
    this.isStale = false;
    for (const [column, heading] of this.headings) {
      const direction = this.isReversed ? 'descending' : 'ascending';
      if (column === this.column) heading.setAttribute('aria-sort', direction);
      else heading.removeAttribute('aria-sort');
    }
    const filter = this.filters.find((button) => button.getAttribute('aria-pressed') === 'true')?.dataset.filter;
    const counts = new Map<string, number>();
    for (const entry of this.entries)
      for (const name of filtersOf(entry)) counts.set(name, (counts.get(name) ?? 0) + 1);
    for (const button of this.filters) {
      const count = button.querySelector('span');
      if (count) count.textContent = String(counts.get(button.dataset.filter ?? '') ?? 0);
    }
    const wanted = this.entries.filter((entry) => filtersOf(entry).some((name) => name === filter));
    this.shown = wanted.sort((a, b) => (this.isReversed ? -1 : 1) * ORDERS[this.column](a, b));
    this.place(this.shown.flatMap((entry) => this.rows.get(entry)?.line ?? []));
  }

  /** Puts rows in order, and moves none that lies right: what is moved loses its focus, and the click that is about to end on it. */
  private place(lines: readonly HTMLElement[]): void {
    const focused = document.activeElement;
    const wanted = new Set<Element>(lines);
    for (const line of [...this.body.children]) if (!wanted.has(line)) line.remove();
    for (const [i, line] of lines.entries()) {
      const there = this.body.children[i] ?? null;
      if (there !== line) this.body.insertBefore(line, there);
    }
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.body.contains(focused)) {
      focused.focus({ preventScroll: true });
    }
  }

  private select(entry: Entry): void {
    const before = this.current && this.rows.get(this.current);
    before?.button.removeAttribute('aria-current');
    this.current = entry;
    this.rows.get(entry)?.button.setAttribute('aria-current', 'true');
    this.onSelect(entry);
  }

  private move(step: number): void {
    const at = this.current ? this.shown.indexOf(this.current) : -1;
    const next = this.shown[Math.min(this.shown.length - 1, Math.max(0, at + step))];
    if (!next) return;
    this.select(next);
    this.rows.get(next)?.button.focus();
  }

  private rowOf(entry: Entry): Row {
    const line = made('tr');
    line.dataset.state = stateOf(entry);
    const canvas = made('canvas');
    [canvas.width, canvas.height] = [1, 1];
    canvas.setAttribute('aria-hidden', 'true');
    void thumbnail(canvas, entry);
    const picture = made('td', { className: 'picture' });
    picture.append(canvas);
    const button = made('button', { text: entry.name, className: 'file' });
    button.type = 'button';
    button.addEventListener('click', () => this.select(entry));
    const name = made('th');
    name.scope = 'row';
    name.append(button);
    const score = made('td', { text: '–', className: 'number' });
    const verdict = made('td');
    verdict.append(made('span', { text: WORDS[stateOf(entry)], className: `badge ${stateOf(entry)}` }));
    line.append(picture, name, score, verdict);
    return { line, button, score, verdict };
  }
}

/** Names of the filters that let an image through. */
function filtersOf(entry: Entry): string[] {
  return ['all', stateOf(entry), ...(entry.verdict && entry.verdict.unlike.length > 0 ? ['unlike'] : [])];
}

/** One after another, so that thousands do not fill the memory at once. */
let lastThumbnail: Promise<void> = Promise.resolve();

function thumbnail(canvas: HTMLCanvasElement, { file }: Entry): Promise<void> {
  lastThumbnail = lastThumbnail.then(async () => {
    const bitmap = await readPicture(file);
    if (!bitmap) return;
    drawPicture(canvas, bitmap, THUMBNAIL);
    bitmap.close();
  });
  return lastThumbnail;
}
