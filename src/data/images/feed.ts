import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Variable } from '../../gpu/variables.ts';
import {
  type LevelType,
  views as launchViews,
  VIEW_WORDS,
  type View,
  type ViewBatch,
  viewWords,
} from '../../kernels/images/image.ts';
import type { FloatDType } from '../../kernels/source.ts';
import { Tensor } from '../../tensor/tensor.ts';

export interface Size {
  width: number;
  height: number;
}

/** Where an image lies: its chunk, and its first word in it. */
export interface BankEntry extends Size {
  chunk: Chunk;
  start: number;
}

/** Memory of several images whose levels are stored alike. */
export interface Chunk {
  words: Tensor<'u32'>;
  type: LevelType;
}

interface FeedOptions {
  entries: readonly BankEntry[];
  chunks: readonly Chunk[];
  shape: ViewBatch;
  dtype: FloatDType;
}

/** Makes batches out of a bank by launches that stay the same: what each batch shows are variables. */
export class BatchFeed {
  private readonly variable: Variable;

  constructor(
    private readonly device: Device,
    private readonly options: FeedOptions,
  ) {
    this.variable = device.variables.reserve(VIEW_WORDS * options.shape.images);
  }

  /**
   * Decides what the next batches show: view n of image `indices[n]`.
   *
   * @throws CyclopsError when a view leaves its image or has another size than the batch
   */
  show(indices: readonly number[], views: readonly View[]): void {
    const { entries, chunks } = this.options;
    const words = indices.flatMap((index, n) => {
      const entry = entryAt(entries, index);
      return viewWords({ ...entry, chunk: chunks.indexOf(entry.chunk) }, this.checked(index, entry, views[n]));
    });
    this.variable.set(words);
  }

  /** The batch [N, H, W, C] in [−1, 1]. */
  images(): Tensor {
    const { chunks, shape, dtype } = this.options;
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
    const { shape } = this.options;
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
