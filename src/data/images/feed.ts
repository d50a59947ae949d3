import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Variable } from '../../gpu/variables.ts';
import {
  type LevelType,
  views as launchViews,
  levelWords,
  VIEW_WORDS,
  type View,
  type ViewBatch,
  viewWords,
} from '../../kernels/images/image.ts';
import type { FloatDType } from '../../kernels/source.ts';
import { keep } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';
import type { BankEntry, Chunk, LevelMemory, Size } from './level-memory.ts';

/** Makes batches out of a bank by launches that stay the same: what each batch shows are variables. */
export class BatchFeed {
  private readonly variable: Variable;

  /** All that views may be taken of: the bank's, and those that hold what a batch shows of the store. */
  private readonly chunks: readonly Chunk[];
  private readonly shelves: readonly Shelf[];

  constructor(
    private readonly device: Device,
    private readonly memory: LevelMemory,
    private readonly shape: ViewBatch,
    private readonly dtype: FloatDType,
  ) {
    this.variable = device.variables.reserve(VIEW_WORDS * shape.images);
    this.shelves = shelvesFor(device, memory, shape);
    this.chunks = [...memory.chunks, ...this.shelves.map(({ chunk }) => chunk)];
  }

  /**
   * Decides what the next batches show: view n of image `indices[n]`.
   *
   * @throws CyclopsError when a view leaves its image or has another size than the batch
   */
  show(indices: readonly number[], views: readonly View[]): void {
    const words = indices.flatMap((index, n) => {
      const entry = entryAt(this.memory.entries, index);
      const view = this.checked(index, entry, views[n]);
      const { chunk, start } = entry.chunk ? { chunk: entry.chunk, start: entry.start } : this.fetched(entry, n);
      return viewWords({ width: entry.width, start, chunk: this.chunks.indexOf(chunk) }, view);
    });
    this.variable.set(words);
  }

  /** The batch [N, H, W, C] in [−1, 1]. */
  images(): Tensor {
    const { chunks, shape, dtype } = this;
    const out = Tensor.empty(this.device, [shape.images, shape.height, shape.width, shape.channels], dtype);
    chunks.forEach((chunk, number) => {
      const { words, type } = chunk;
      const shown = { number, levels: words.slice, type };
      launchViews(this.device, shape, { variable: this.variable, chunk: shown, out: out.slice, dtype });
    });
    return out;
  }

  dispose(): void {
    this.variable.release();
    for (const { chunk } of this.shelves) chunk.words.dispose();
  }

  /** Brings an image from the store to the n-th place of its shelf. */
  private fetched({ type, width, height, start }: BankEntry, n: number): { chunk: Chunk; start: number } {
    const shelf = this.shelves.find(({ chunk }) => chunk.type === type);
    const { store } = this.memory;
    if (!shelf || !store) throw new Error('A feed was made before its bank was complete.');
    const { chunk, each } = shelf;
    const bytes = 4 * levelWords(width * height * this.shape.channels, type);
    const { buffer, offset } = chunk.words.slice;
    const place = { buffer, offset: offset + 4 * n * each, size: bytes };
    this.device.write(place, store.read(4 * start, bytes));
    return { chunk, start: n * each };
  }

  private checked(index: number, { width, height }: Size, view: View | undefined): View {
    if (!view) throw new CyclopsError(`Each image of a batch needs a view; image ${index} has none.`);
    const numbers = [view.x, view.y, view.width, view.height];
    const inside = view.x >= 0 && view.y >= 0 && view.x + view.width <= width && view.y + view.height <= height;
    if (!numbers.every(Number.isInteger) || !inside || view.width <= 0 || view.height <= 0) {
      throw new CyclopsError(
        `A view of ${view.width}×${view.height} pixels at (${view.x}, ${view.y}) was asked of image ${index}, ` +
          `which has ${width}×${height} pixels. Choose a crop size no larger than the images, or a larger load size.`,
      );
    }
    const { shape } = this;
    const size = turnedSize(view);
    if (size.width !== shape.width || size.height !== shape.height) {
      throw new CyclopsError(
        `All views of a batch must have one size: this one has ${shape.width}×${shape.height} pixels, ` +
          `that of image ${index} has ${size.width}×${size.height}.`,
      );
    }
    return view;
  }
}

/** Room for the images of a batch that lie in the store, so many words for each. */
interface Shelf {
  chunk: Chunk;
  each: number;
}

/** A shelf for each type that the store holds. */
function shelvesFor(device: Device, { entries }: LevelMemory, { images, channels }: ViewBatch): Shelf[] {
  const each = new Map<LevelType, number>();
  for (const { chunk, type, width, height } of entries) {
    if (!chunk) each.set(type, Math.max(each.get(type) ?? 0, levelWords(width * height * channels, type)));
  }
  return [...each].map(([type, words]) => ({
    chunk: { words: keep(Tensor.empty(device, [images * words], 'u32')), type },
    each: words,
  }));
}

/** @throws CyclopsError when the bank has no such image */
export function entryAt(entries: readonly BankEntry[], index: number): BankEntry {
  const entry = entries[index];
  if (entry) return entry;
  throw new CyclopsError(`The bank holds images 0 to ${entries.length - 1}; image ${index} was asked for.`);
}

/** The size of a view after its turns. */
export function turnedSize({ width, height, turns }: View): Size {
  return turns % 2 === 0 ? { width, height } : { width: height, height: width };
}
