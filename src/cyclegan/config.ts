import * as v from 'valibot';
import { quoted } from '../data/files/brief.ts';
import { described, examine } from '../data/files/json.ts';
import { finite, object, oneOf, seed, whole, yesOrNo } from '../data/files/schema.ts';
import type { BankOptions } from '../data/images/bank.ts';
import { PLANES, type Planes } from '../data/images/planes.ts';
import type { ValueRange } from '../data/images/value-range.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Architecture } from './network-set.ts';
import { SIDE_MULTIPLE } from './networks.ts';

/**
 * How files become images today. 1: JPEG files by jpeg-js, which enlarges subsampled colours by repetition, colours on the mean up to half a
 * level off; 16 bits rounded to 8; Exif orientation left aside. 2: by libvips, at the file's own depth, lying as a viewer shows them.
 */
export const PREPROCESSING = 2;

/** The PatchGAN's last map is empty below this: 24 → 12 → 6 → 3 → 2 → 1. */
const SMALLEST_SIDE = 24;
const LARGEST_SIDE = 4096;

/** What users may choose by name. */
export const GAN_MODES = ['lsgan', 'vanilla'] as const;
export const SCHEDULES = ['reference', 'paper'] as const;
export const ADAM_GROUPS = ['one', 'per-d'] as const;
export const PRECISIONS = ['f32', 'mixed', 'split'] as const;
export const NET_DS = ['patch', 'unet'] as const;

/** The reference's PatchGAN, or an encoder–decoder that judges every pixel as well. */
export type NetD = (typeof NET_DS)[number];
export type GanMode = (typeof GAN_MODES)[number];
/**
 * All in f32; or `mixed`: images, activations, their gradients and the weights they meet in f16, everything else in f32; or `split`: all in
 * f32, and convolutions multiply by three products of f16 on matrix hardware.
 */
export type Precision = (typeof PRECISIONS)[number];

/** The generator halves the size twice, and doubles it as often. */
const sideExpected = `a multiple of ${SIDE_MULTIPLE} from ${SMALLEST_SIDE} to ${LARGEST_SIDE}, since the generator halves the size twice`;

/**
 * Everything that decides a training run; the command line's options bear the same names in kebab case.
 * A is the abnormal domain and B the normal one: G_A translates abnormal → normal.
 */
export interface TrainingConfig {
  /** Image channels, 1 (grayscale) or 3 (RGB). */
  inputNc: 1 | 3;
  /** Residual blocks of the generator. */
  blocks: number;
  /** Channels of the first generator layer. */
  ngf: number;
  /** The kind of the discriminator of normal images; that of abnormal ones is always a PatchGAN. */
  netD: NetD;
  /** Channels of the first discriminator layer. */
  ndf: number;
  /** Layers of stride 2 in the discriminator: a PatchGAN judges 16 px a side at once with 1, 34 with 2, 70 with 3. */
  nLayersD: number;
  /** Side in pixels to which images are resized; also the size at which whole images are scored. */
  loadSize: number;
  /** Side of the random square that a training step sees. */
  cropSize: number;
  batchSize: number;
  /** Epochs at the full learning rate, and epochs in which it falls to zero. */
  nEpochs: number;
  nEpochsDecay: number;
  /** Ends training after so many steps instead, with the schedule laid over the epochs that they make. */
  steps: number | null;
  /** `reference`: constant, then linear to zero. `paper`: constant for a tenth of all epochs, then linear to zero. */
  schedule: (typeof SCHEDULES)[number];
  lr: number;
  /** That of the discriminators; null for the same. */
  lrD: number | null;
  beta1: number;
  beta2: number;
  ganMode: GanMode;
  /** Weights of |G_B(G_A(a)) − a| and |G_A(G_B(b)) − b|. */
  lambdaA: number;
  lambdaB: number;
  /** Weight of the identity losses relative to the cycle losses; 0 leaves them out. */
  lambdaIdentity: number;
  /** Weight of |G_A(x) − n| over images x that were made of normal ones n; 0 leaves that out. */
  lambdaPaired: number;
  /** Generated images kept for each discriminator; 0 switches the pools off. */
  poolSize: number;
  /**
   * Further crops of each domain in a step, from which both discriminators learn what tells the domains apart, each with the weight of
   * one of the step's own images; 0 leaves that out.
   */
  domainCrops: number;
  /**
   * Images with a defect to make of each normal one, for the further crops: with one of an abnormal image that has a mask laid on it, and
   * with procedural damage. Their masks are known.
   */
  transplants: number;
  damage: number;
  /**
   * The share of their size, but no less than a crop, at which images are shown to half of the further crops, so that defects of other sizes
   * are known; 1 shows all as they are.
   */
  shrink: number;
  /** Steps in which a segmenter first learns alone from damage on grounds that were made; 0 leaves that out. */
  warmUp: number;
  /** One Adam for both discriminators (the reference), or one for each (the paper's code). */
  adam: (typeof ADAM_GROUPS)[number];
  /** How a training step stores images and activations, and how it multiplies. */
  precision: Precision;
  /** Decay of the moving average of all weights, which scores then use; 0 = off. */
  ema: number;
  /** Random horizontal flips. */
  flip: boolean;
  /** Random vertical flips: with `flip`, the four views in which a grain keeps its direction. */
  flipVertical: boolean;
  /** Random quarter turns; with `flip` the eight dihedral views. */
  rotate: boolean;
  /** Crops of abnormal images that have a mask hold some of what it marks. */
  cropDefects: boolean;
  /** A segmenter learns small defects as well as large ones: their pixels count more. */
  defectsBySize: boolean;
  /** A segmenter judges pixels in crops of `cropSize` too, as it learned them, and the mean of both counts. */
  judgeCrops: boolean;
  /** Light and contrast of every image are evened out before the networks see it. */
  localContrast: boolean;
  /** What networks see of a gray image in place of red, green and blue; null for those, or for gray. */
  planes: Planes | null;
  /** Which values of a file are black and white. */
  range: ValueRange;
  /** How files become images: see {@link PREPROCESSING}. */
  preprocessing: number;
  seed: number;
  /** Steps between checkpoints, and between sample pictures; 0 writes no samples. */
  checkpointInterval: number;
  sampleInterval: number;
}

const rangeSchema: v.GenericSchema<unknown, ValueRange> = v.pipe(
  v.union([v.literal('full'), object({ min: finite(), max: finite() })], "'full', or { min, max }"),
  v.check((range) => range === 'full' || range.min < range.max, "'full', or { min, max } with min below max"),
);

/**
 * Fields with a default are younger than the first runs, and the default is what a run did before there was a choice: it computed in
 * f32, averaged nothing, cut its crops anywhere, and so on. What a new run does is up to its preset.
 */
const configSchema = described(
  object({
    inputNc: oneOf([1, 3]),
    blocks: whole(1, 32),
    ngf: whole(1, 512),
    netD: v.optional(oneOf(NET_DS), 'patch'),
    ndf: whole(1, 512),
    nLayersD: v.optional(whole(1, 3), 3),
    loadSize: whole(SMALLEST_SIDE, LARGEST_SIDE),
    cropSize: v.pipe(
      v.number(sideExpected),
      v.multipleOf(SIDE_MULTIPLE, sideExpected),
      v.minValue(SMALLEST_SIDE, sideExpected),
      v.maxValue(LARGEST_SIDE, sideExpected),
    ),
    batchSize: whole(1, 1024),
    nEpochs: whole(0, 1e6),
    nEpochsDecay: whole(0, 1e6),
    steps: v.nullable(whole(1, 1e9)),
    schedule: oneOf(SCHEDULES),
    lr: finite(0, 1),
    lrD: v.optional(v.nullable(finite(0, 1)), null),
    beta1: finite(0, 0.9999),
    beta2: finite(0, 0.999999),
    ganMode: oneOf(GAN_MODES),
    lambdaA: finite(0, 1e6),
    lambdaB: finite(0, 1e6),
    lambdaIdentity: finite(0, 1e6),
    lambdaPaired: v.optional(finite(0, 1e6), 0),
    poolSize: whole(0, 100_000),
    domainCrops: v.optional(whole(0, 1024), 0),
    transplants: v.optional(whole(0, 1000), 0),
    damage: v.optional(whole(0, 1000), 0),
    shrink: v.optional(finite(0.1, 1), 1),
    warmUp: v.optional(whole(0, 1e6), 0),
    adam: oneOf(ADAM_GROUPS),
    precision: v.optional(oneOf(PRECISIONS), 'f32'),
    ema: v.optional(finite(0, 0.999999), 0),
    flip: yesOrNo,
    flipVertical: v.optional(yesOrNo, false),
    rotate: yesOrNo,
    cropDefects: v.optional(yesOrNo, false),
    defectsBySize: v.optional(yesOrNo, false),
    judgeCrops: v.optional(yesOrNo, false),
    localContrast: v.optional(yesOrNo, false),
    planes: v.optional(v.nullable(v.tuple([oneOf(PLANES), oneOf(PLANES), oneOf(PLANES)])), null),
    range: v.optional(rangeSchema, 'full'),
    preprocessing: v.optional(whole(1, PREPROCESSING), 1),
    seed,
    checkpointInterval: whole(1, 1e9),
    sampleInterval: whole(0, 1e9),
  }) satisfies v.GenericSchema<unknown, TrainingConfig>,
  { holds: 'a training configuration', remedy: 'Correct it and run again.' },
);

/** How images come before the networks, whoever shows them, but for their size. */
export function imageOptions({ inputNc, localContrast, planes }: TrainingConfig): Omit<BankOptions, 'loadSize'> {
  return { channels: inputNc, localContrast, planes };
}

/** Whether networks see images with light and contrast evened out, and not as files hold them. */
export function isEvenedOut({ localContrast, planes }: TrainingConfig): boolean {
  return localContrast || planes !== null;
}

/** How many channels of a file count: of what is shown as three planes, one. */
export function channelsOfFiles({ inputNc, planes }: TrainingConfig): 1 | 3 {
  return planes ? 1 : inputNc;
}

/** The networks that a configuration asks for. */
export function architectureOf({ inputNc, ngf, netD, ndf, blocks, nLayersD }: TrainingConfig): Architecture {
  return { channels: inputNc, ngf, netD, ndf, blocks, discriminatorLayers: nLayersD };
}

/** The side of the smaller copies of images; the load size for none. */
export function smallSide({ shrink, loadSize, cropSize }: TrainingConfig): number {
  return Math.max(cropSize, Math.round(shrink * loadSize));
}

/** How a segmenter judges the pixels of an image, besides as a whole: as it learned to, from crops, and from smaller copies. */
export interface JudgedSizes {
  /** The side of the crops in which it judges them too; null for none. */
  readonly crop: number | null;
  /** The share of the image's size at which it judges them once more; 1 for none. */
  readonly share: number;
}

export function judgedSizes(config: TrainingConfig): JudgedSizes {
  const { judgeCrops, cropSize, loadSize } = config;
  return { crop: judgeCrops ? cropSize : null, share: smallSide(config) / loadSize };
}

/** The names of all fields of a {@link TrainingConfig}. */
export const CONFIG_FIELDS: readonly string[] = Object.keys(configSchema.entries);

/**
 * A configuration from JSON or from options, with every value checked.
 *
 * @param source where it comes from, for the message: a path, or `the options`
 * @throws CyclopsError naming the option, what was expected and what came
 */
export function parseConfig(json: unknown, source: string): TrainingConfig {
  const { output: config, problem } = examine(json, configSchema);
  if (problem) {
    const { key, came, expected } = problem;
    const what = key === '' ? `A training configuration ${came}` : `${optionName(key)} ${came}`;
    throw new CyclopsError(`${what} in ${source}; expected ${expected}. Correct it and run again.`);
  }
  const unknown = Object.keys(json ?? {}).find((name) => !CONFIG_FIELDS.includes(name));
  if (unknown !== undefined) {
    throw new CyclopsError(
      `${source} names the option ${quoted(unknown)}, which this version does not know; expected only ` +
        `${CONFIG_FIELDS.join(', ')}. Use the version that wrote it.`,
    );
  }
  if (config.cropSize > config.loadSize) {
    throw new CyclopsError(
      `--crop-size ${config.cropSize} is larger than --load-size ${config.loadSize} (${source}): the crop is cut from the ` +
        'resized image. Make the crop at most as large as the image.',
    );
  }
  if (config.planes && (config.localContrast || config.inputNc !== 3)) {
    const reason = config.localContrast
      ? 'which --local-contrast would even out first. Leave one out'
      : `and --input-nc is ${config.inputNc}. Make it 3`;
    throw new CyclopsError(`--planes shows three planes (${source}), ${reason}.`);
  }
  if (config.lambdaPaired > 0 && config.transplants + config.damage === 0) {
    throw new CyclopsError(
      `--lambda-paired weighs what becomes of images with made defects, and there are none (${source}). Give --transplants or --damage.`,
    );
  }
  if (config.netD === 'unet' && config.domainCrops === 0) {
    throw new CyclopsError(
      `--netD unet learns to judge pixels from the further crops of --domain-crops, of which there are 0 (${source}). Give it some, such as 4.`,
    );
  }
  if (config.shrink < 1 && (config.domainCrops < 2 || smallSide(config) === config.loadSize)) {
    const reason =
      config.domainCrops < 2
        ? `and there are ${config.domainCrops}. Give --domain-crops 2 or more`
        : `and with --load-size ${config.loadSize} and --crop-size ${config.cropSize} none is smaller. Make the share or the crop smaller`;
    throw new CyclopsError(
      `--shrink ${config.shrink} shows smaller images to half of the further crops (${source}), ${reason}, or leave it out.`,
    );
  }
  if (config.warmUp > 0 && config.netD !== 'unet') {
    throw new CyclopsError(
      `--warm-up ${config.warmUp} is for a segmenter, and there is none (${source}). Give --netD unet, or leave it out.`,
    );
  }
  if (config.lr === 0 && config.lrD) {
    throw new CyclopsError(
      `--lr-D ${config.lrD} with --lr 0 cannot be (${source}): the rate of the discriminators is held as a multiple of --lr, so that one schedule ` +
        'moves both. Give --lr a small number above 0, or --lr-D 0 too.',
    );
  }
  if (config.steps === null && config.nEpochs + config.nEpochsDecay === 0) {
    throw new CyclopsError(
      `--n-epochs 0 with --n-epochs-decay 0 trains nothing (${source}). Expected at least one epoch.`,
    );
  }
  return config;
}

/** The command line's spelling of a field: `loadSize` → `--load-size`, `lambdaA` → `--lambda-A`; `netD` as in the reference. */
export function optionName(field: string): string {
  if (field === 'netD') return '--netD';
  const kebab = field.replace(/[A-Z](?=[a-z])/g, (letter) => `-${letter.toLowerCase()}`).replace(/[A-Z]$/, '-$&');
  return `--${kebab}`;
}
