import type { BatchFeed } from '../../data/images/feed.ts';
import type { FloatDType } from '../../kernels/source.ts';
import type { TrainingConfig } from '../config.ts';
import type { DomainViews } from '../sampler.ts';
import type { LabelledDomains } from '../segmentation-loss.ts';
import type { Banks } from './training-banks.ts';

/** Makes batches of both domains, and of the masks of A where they are asked for. */
export class DomainFeed {
  private readonly a: BatchFeed;
  private readonly b: BatchFeed;
  private readonly masks: BatchFeed | null;
  private readonly unmasked: boolean;

  /** @param count crops of each domain in a batch */
  constructor(
    banks: Pick<Banks, 'a' | 'b' | 'masks' | 'unmasked'>,
    { cropSize }: Pick<TrainingConfig, 'cropSize'>,
    count: number,
    dtype: FloatDType,
  ) {
    const crop = { width: cropSize, height: cropSize };
    this.a = banks.a.feed(count, crop, dtype);
    this.b = banks.b.feed(count, crop, dtype);
    this.masks = banks.masks?.feed(count, crop, dtype) ?? null;
    this.unmasked = banks.unmasked;
  }

  /** Decides what the next batches show. */
  show({ a, b }: DomainViews): void {
    this.a.show(a.indices, a.views);
    this.b.show(b.indices, b.views);
    this.masks?.show(a.indices, a.views);
  }

  images(): LabelledDomains {
    return { a: this.a.images(), b: this.b.images(), defects: this.masks?.images(), unmasked: this.unmasked };
  }

  dispose(): void {
    this.a.dispose();
    this.b.dispose();
    this.masks?.dispose();
  }
}
