import { CyclopsError } from '../../gpu/errors.ts';
import { connectedRegions } from './regions.ts';

/** The false-positive rate up to which the overlap of regions counts. */
export const AUPRO_FPR = 0.3;

/** F1 = 2 TP / (2 TP + FP + FN), precision and recall of flagged pixels; precision is 1 where none is. */
export interface PixelF1 {
  threshold: number;
  f1: number;
  precision: number;
  recall: number;
}

/** How well heat maps tell the pixels of defects from all others, over all images together. */
export interface PixelFigures {
  pixels: { normal: number; abnormal: number };
  regions: number;
  auroc: number;
  /**
   * Area under the per-region overlap (the share of a region that is flagged, averaged over regions of whatever size) against the
   * false-positive rate, from 0 to {@link AUPRO_FPR} and over it, so that 1 is perfect.
   */
  aupro: number;
  /** The highest F1 of pixels ≥ any threshold: known only afterwards. */
  best: PixelF1;
  /** Of pixels above the threshold that was given. */
  calibrated: PixelF1;
}

/** Of a float in f32. */
const MANTISSA_BITS = 23;

interface PixelMetricsOptions {
  /** Pixels above it are flagged; none are unless it is given. */
  threshold?: number;
  /** How many bits of mantissa tell values apart, beside sign and exponent; 12 unless told otherwise. */
  mantissaBits?: number;
}

/**
 * Counts pixels of heat maps by value, so that memory does not grow with the number of images: with 12 bits of mantissa (48 MiB) values
 * that differ by less than 2.5e-4 of themselves count as equal, with 7 bits (1.5 MiB) by less than 8e-3. Values of so few bits give
 * exact figures, and those at the given threshold always are.
 *
 * Sources: Bergmann, Batzner, Fauser, Sattlegger, Steger, "The MVTec Anomaly Detection Dataset", IJCV 129, 2021 (AUPRO); definitions
 * as in anomalib (regions by 8-connectivity; false positives among the pixels outside all regions), without its resampling of curves.
 */
export class PixelMetrics {
  private readonly outside: Float64Array;
  private readonly inside: Float64Array;
  /** What a pixel weighs in the mean overlap of regions: 1 / the area of its region. */
  private readonly overlap: Float64Array;
  private readonly threshold: number;
  private readonly droppedBits: number;
  private regions = 0;
  private flagged = { inside: 0, outside: 0 };

  constructor({ threshold = Number.POSITIVE_INFINITY, mantissaBits = 12 }: PixelMetricsOptions = {}) {
    this.threshold = threshold;
    this.droppedBits = MANTISSA_BITS - mantissaBits;
    const bins = 2 ** (32 - this.droppedBits);
    [this.outside, this.inside, this.overlap] = [
      new Float64Array(bins),
      new Float64Array(bins),
      new Float64Array(bins),
    ];
  }

  /**
   * @param values a heat map [height, width]. @param mask of the same size, not 0 inside defects; null for none
   * @throws CyclopsError when a value is infinite or NaN
   */
  add(values: Float32Array, mask: Uint8Array | null, width: number, height: number): void {
    if (values.length !== width * height || (mask && mask.length !== values.length)) {
      throw new RangeError(
        `Expected ${width} × ${height} values and a mask of that size; got ${values.length} and ${mask?.length}.`,
      );
    }
    const { labels, areas } = mask ? connectedRegions(mask, width, height) : { labels: null, areas: [] };
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? Number.NaN;
      if (!Number.isFinite(value)) throw badValue(value);
      // −0 is 0.
      const bin = orderedBits(value === 0 ? 0 : (bits[i] ?? 0)) >>> this.droppedBits;
      const label = labels?.[i] ?? 0;
      const side = label > 0 ? 'inside' : 'outside';
      this[side][bin] = (this[side][bin] ?? 0) + 1;
      if (label > 0) this.overlap[bin] = (this.overlap[bin] ?? 0) + 1 / (areas[label - 1] ?? 1);
      if (value > this.threshold) this.flagged[side] += 1;
    }
    this.regions += areas.length;
  }

  /** Null when no pixel is inside a region, or all are. */
  figures(): PixelFigures | null {
    const pixels = { normal: sum(this.outside), abnormal: sum(this.inside) };
    if (pixels.normal === 0 || pixels.abnormal === 0) return null;
    const f1 = (threshold: number, truePositives: number, falsePositives: number): PixelF1 => ({
      threshold,
      f1: (2 * truePositives) / (truePositives + falsePositives + pixels.abnormal),
      precision: truePositives + falsePositives > 0 ? truePositives / (truePositives + falsePositives) : 1,
      recall: truePositives / pixels.abnormal,
    });
    let [falsePositives, truePositives, overlap] = [0, 0, 0];
    let [auroc, aupro] = [0, 0];
    let best = f1(Number.POSITIVE_INFINITY, 0, 0);
    for (let bin = this.outside.length - 1; bin >= 0; bin--) {
      const [more, right, overlapping] = [this.outside[bin] ?? 0, this.inside[bin] ?? 0, this.overlap[bin] ?? 0];
      if (more + right === 0) continue;
      const rate = falsePositives / pixels.normal;
      const step = more / pixels.normal;
      auroc += step * ((truePositives + right / 2) / pixels.abnormal);
      // The curve is straight from one threshold to the next, also where it is cut.
      const taken = Math.min(1, Math.max(0, AUPRO_FPR - rate) / step);
      if (more > 0) aupro += taken * step * ((overlap + (taken * overlapping) / 2) / this.regions);
      falsePositives += more;
      truePositives += right;
      overlap += overlapping;
      const here = f1(this.lowestOf(bin), truePositives, falsePositives);
      if (here.f1 >= best.f1) best = here;
    }
    const calibrated = f1(this.threshold, this.flagged.inside, this.flagged.outside);
    return { pixels, regions: this.regions, auroc, aupro: aupro / AUPRO_FPR, best, calibrated };
  }

  /** The smallest value of a bin. */
  private lowestOf(bin: number): number {
    const ordered = (bin << this.droppedBits) >>> 0;
    const bits = ordered >= SIGN ? ordered - SIGN : ~ordered;
    return new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0;
  }
}

/** The bit of a float's sign. */
const SIGN = 2 ** 31;

/** Bits of floats, turned so that they grow with the floats, negative ones too. */
function orderedBits(bits: number): number {
  return bits >= SIGN ? ~bits : bits + SIGN;
}

function sum(counts: Float64Array): number {
  return counts.reduce((total, count) => total + count, 0);
}

function badValue(value: number): CyclopsError {
  return new CyclopsError(
    `A pixel of a heat map is ${value}; expected a finite number. NaN or Infinity comes from weights that diverged: use an ` +
      'earlier checkpoint, or train with a lower learning rate.',
  );
}
