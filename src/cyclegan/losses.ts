import { concatBatch } from '../autograd/concat-batch.ts';
import { hottestMean } from '../autograd/hottest-mean.ts';
import { bceWithLogits } from '../autograd/losses/bce-with-logits.ts';
import { mseLoss } from '../autograd/losses/mse-loss.ts';
import { scale } from '../autograd/scale.ts';
import { noGrad } from '../autograd/tape.ts';
import type { Device } from '../gpu/device.ts';
import type { Variable } from '../gpu/variables.ts';
import { defectWeights, imageLabels, pixelLabels } from '../kernels/images/defect-labels.ts';
import { gatherScalars } from '../kernels/optim/gather-scalars.ts';
import { cast } from '../tensor/cast.ts';
import { filled } from '../tensor/filled.ts';
import { keep } from '../tensor/scope.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { GanMode } from './config.ts';

/** The eight losses of a step, in the reference's order. Each is what it adds to the objective: weighted by its λ. */
export const LOSS_NAMES = ['D_A', 'G_A', 'cycle_A', 'idt_A', 'D_B', 'G_B', 'cycle_B', 'idt_B'] as const;
export type LossName = (typeof LOSS_NAMES)[number];
/** Of a step with pairs there is a ninth: how far G_A's repair of a made defect is from the normal image that it was made of. */
export type Losses = Record<LossName, number> & { paired?: number };

/** The columns of the log. */
const COLUMNS = [...LOSS_NAMES, 'paired'] as const;

/** What a discriminator should say of a batch: that it is real, or that its first half is real and its second half fake. */
export type DiscriminatorTarget = 'real' | 'real, then fake';

/**
 * How far a discriminator's map of logits [N,P,Q,1] is from calling every patch what it is: the mean over all patches of
 * (prediction − label)² for `lsgan`, of the binary cross-entropy for `vanilla`; label 1 for real, 0 for fake. Scalar [1].
 * Of a batch that is half real, half fake it is the average of both halves' means, ½ (real + fake).
 */
export function ganLoss(prediction: Tensor, label: DiscriminatorTarget, mode: GanMode): Tensor {
  const target = label === 'real' ? 1 : ([1, 0] as const);
  return mode === 'lsgan' ? mseLoss(prediction, target) : bceWithLogits(prediction, target);
}

/**
 * What each pixel of a batch should be called by a discriminator of normal images, of which the second half has defects: 1 for a normal
 * one, 0 for a defect, and where nobody knows what it is called already, so that nothing is learned there.
 *
 * @param logits [2M,H,W,1] @param defects [M,H,W,1]: 1 inside, −1 outside, 0 where nobody knows @returns [2M,H,W,1], without a gradient
 */
export function normalThenDefects(logits: Tensor, defects: Tensor): Tensor {
  return noGrad(() => {
    const { device, shape, size, floatDType } = defects;
    const labels = Tensor.empty(device, shape);
    const [said, known] = [cast(logits, 'f32'), cast(defects, 'f32')];
    const slices = { logits: said.slice, defects: known.slice, labels: labels.slice };
    pixelLabels(device, { ...slices, start: size, count: size });
    return concatBatch(filled(device, shape, 1, floatDType), cast(labels, floatDType));
  });
}

/**
 * How much each pixel of such a batch counts: 1, but for those of small defects, which count more. Else what is learned would be the large
 * ones, of which an image has a hundred times as many pixels.
 *
 * Source: inverse weighting of Shirokikh et al., "Universal Loss Reweighting to Balance Lesion Size Inequality in 3D Medical Image
 * Segmentation", MICCAI 2020, here by the root of the area, image by image.
 *
 * @param defects as for {@link normalThenDefects} @returns [2M,H,W,1] in the dtype of `defects`, without a gradient
 */
export function defectsBySize(defects: Tensor): Tensor {
  return noGrad(() => {
    const { device, shape, size, floatDType } = defects;
    const [images = 0] = shape;
    const weights = Tensor.empty(device, shape);
    const slices = { defects: cast(defects, 'f32').slice, weights: weights.slice };
    defectWeights(device, { ...slices, images, pixels: size / images });
    return concatBatch(filled(device, shape, 1, floatDType), cast(weights, floatDType));
  });
}

/** Of the pixels of an image: so many stand for it. */
const IMAGE_SHARE = 0.01;

/**
 * How far a discriminator of normal images is from telling them from images of which nobody knows where the defect is: the binary
 * cross-entropy of the mean of each image's least normal pixels. Scalar [1]. An image with a mask adds to its value, and has no gradient.
 *
 * Source: multiple instances of Dietterich, Lathrop, Lozano-Pérez, "Solving the Multiple Instance Problem with Axis-Parallel Rectangles",
 * 1997: a bag is positive if one of its instances is. Here an image is, of whose pixels a hundredth counts instead of one.
 *
 * @param logits [2M,H,W,1], of normal images and then of those with defects @param defects as for {@link normalThenDefects}
 */
export function unmaskedLoss(logits: Tensor, defects: Tensor): Tensor {
  const { device, size, shape } = defects;
  const [images = 0] = shape;
  const hotness = hottestMean(scale(logits, -1), IMAGE_SHARE);
  const labels = noGrad(() => {
    const ofAbnormal = Tensor.empty(device, [images]);
    const slices = { hotness: hotness.slice, defects: cast(defects, 'f32').slice, labels: ofAbnormal.slice };
    imageLabels(device, { ...slices, start: images, images, count: size / images });
    return concatBatch(filled(device, [images], 0), ofAbnormal);
  });
  return bceWithLogits(hotness, labels);
}

/** Steps whose losses the log holds until they are read. */
const STEPS = 64;

/** The losses of the last steps, kept on the device, so that reading them makes the device wait once for many steps. */
export class LossLog {
  private readonly ring: Tensor;
  /** First element of the row of the step in progress. */
  private readonly row: Variable;
  private step = 0;
  private unread = 0;
  private hasPairs = false;

  constructor(private readonly device: Device) {
    this.ring = keep(Tensor.from(device, new Float32Array(STEPS * COLUMNS.length), [STEPS, COLUMNS.length]));
    this.row = device.variables.reserve(1);
  }

  /** Begins the log of a step. */
  beginStep(): void {
    this.device.eachStep(() => {
      this.row.set([(this.step % STEPS) * COLUMNS.length]);
      this.step += 1;
      this.unread = Math.min(this.unread + 1, STEPS);
    });
  }

  /** Notes scalars for the step in progress; a loss never noted reads as 0. */
  note(losses: Partial<Record<keyof Losses, Tensor>>): void {
    this.hasPairs ||= losses.paired !== undefined;
    const entries = COLUMNS.flatMap((name, column) => {
      const loss = losses[name];
      return loss ? [{ scalar: loss.slice, column }] : [];
    });
    gatherScalars(this.device, this.row, entries, this.ring.slice);
  }

  /** The losses of all steps since the last read, the oldest first; of more than 64 steps, the last 64. */
  async read(): Promise<Losses[]> {
    const { step, unread } = this;
    this.unread = 0;
    if (unread === 0) return [];
    const values = await this.ring.data();
    return Array.from({ length: unread }, (_, i) => {
      const start = ((step - unread + i) % STEPS) * COLUMNS.length;
      const row = values.subarray(start, start + COLUMNS.length);
      return { ...lossesOf(row), ...(this.hasPairs && { paired: row[LOSS_NAMES.length] ?? Number.NaN }) };
    });
  }

  dispose(): void {
    this.row.release();
    this.ring.dispose();
  }
}

/** The losses of a row of the log. */
function lossesOf(row: Float32Array): Losses {
  const losses: Partial<Losses> = Object.fromEntries(LOSS_NAMES.map((name, column) => [name, row[column]]));
  if (isWhole(losses)) return losses;
  throw new RangeError(`A row of the log has ${LOSS_NAMES.length} losses, this one ${row.length}.`);
}

function isWhole(losses: Partial<Losses>): losses is Losses {
  return LOSS_NAMES.every((name) => losses[name] !== undefined);
}
