/** One image, large, with its heat map. */
import { formatScore } from '../../report/parts/format.ts';
import { element, made } from './elements.ts';
import { type Entry, stateOf } from './entry.ts';
import { drawHeat, drawPicture, readPicture } from './picture.ts';

export class Viewer {
  private readonly panel = element('viewer', HTMLElement);
  private readonly canvas = element('picture', HTMLCanvasElement);
  private readonly slider = element('strength', HTMLInputElement);
  private readonly caption = element('caption', HTMLElement);
  private readonly legend = element('legend', HTMLElement);
  private entry: Entry | null = null;
  private bitmap: ImageBitmap | null = null;

  /** @param threshold of the score that decides */
  constructor(private readonly threshold: number) {
    this.slider.addEventListener('input', () => this.draw());
  }

  async show(entry: Entry | null): Promise<void> {
    this.panel.hidden = entry === null;
    const isOther = entry !== this.entry;
    this.entry = entry;
    if (!entry) return;
    this.describe(entry);
    if (isOther) {
      const bitmap = await readPicture(entry.file);
      // While it was read, another may have been chosen.
      if (this.entry !== entry) {
        bitmap?.close();
        return;
      }
      this.bitmap?.close();
      this.bitmap = bitmap;
    }
    this.draw();
  }

  private describe(entry: Entry): void {
    const { verdict, error, name } = entry;
    const state = stateOf(entry);
    const sentences = {
      waiting: 'It waits to be judged.',
      unreadable: error ?? '',
      flagged: `Flagged: its score ${formatScore(verdict?.score ?? null)} is at least ${formatScore(this.threshold)}.`,
      passed: `Passed: its score ${formatScore(verdict?.score ?? null)} is below ${formatScore(this.threshold)}.`,
    };
    this.caption.replaceChildren(
      made('strong', { text: name, className: 'file' }),
      made('p', { text: sentences[state] }),
      ...(verdict?.unlike ?? []).map((text) => made('p', { text, className: 'warning' })),
    );
    const hasHeat = Boolean(verdict?.heat);
    this.slider.disabled = !hasHeat;
    this.legend.hidden = !hasHeat;
    this.canvas.setAttribute('aria-label', `${name}${hasHeat ? ', with its heat map' : ''}`);
  }

  private draw(): void {
    if (this.bitmap) drawPicture(this.canvas, this.bitmap);
    else [this.canvas.width, this.canvas.height] = [1, 1];
    const heat = this.entry?.verdict?.heat;
    if (this.bitmap && heat) drawHeat(this.canvas, heat, Number(this.slider.value) / 100);
  }
}
