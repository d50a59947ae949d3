import type { BankOptions } from '../data/images/bank.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { GanMode } from './losses.ts';
import type { Architecture } from './network-set.ts';

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
  /** Channels of the first discriminator layer. */
  ndf: number;
  /** Layers of stride 2 in the discriminator: what it judges at once is 16 px a side with 1, 34 with 2, 70 with 3. */
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
  schedule: Schedule;
  lr: number;
  beta1: number;
  beta2: number;
  ganMode: GanMode;
  /** Weights of |G_B(G_A(a)) − a| and |G_A(G_B(b)) − b|. */
  lambdaA: number;
  lambdaB: number;
  /** Weight of the identity losses relative to the cycle losses; 0 leaves them out. */
  lambdaIdentity: number;
  /** Generated images kept for each discriminator; 0 switches the pools off. */
  poolSize: number;
  /**
   * Further crops of each domain in a step, from which both discriminators learn what tells the domains apart, each with the weight of
   * one of the step's own images; 0 leaves that out.
   */
  domainCrops: number;
  /** One Adam for both discriminators (the reference), or one for each (the paper's code). */
  adam: AdamGroups;
  /** How a training step stores images and activations. */
  precision: Precision;
  /** Decay of the moving average of all weights, which scores then use; 0 = off. */
  ema: number;
  /** Random horizontal flips. */
  flip: boolean;
  /** Random quarter turns; with `flip` the eight dihedral views. */
  rotate: boolean;
  /** Crops of abnormal images that have a mask hold some of what it marks. */
  cropDefects: boolean;
  /** Light and contrast of every image are evened out before the networks see it. */
  localContrast: boolean;
  seed: number;
  /** Steps between checkpoints, and between sample pictures; 0 writes no samples. */
  checkpointInterval: number;
  sampleInterval: number;
}

export type Schedule = 'reference' | 'paper';
export type AdamGroups = 'one' | 'per-d';
/** All in f32, or `mixed`: images, activations, their gradients and the weights they meet in f16, everything else in f32. */
export type Precision = 'f32' | 'mixed';

/** The PatchGAN's last map is empty below this: 24 → 12 → 6 → 3 → 2 → 1. */
const SMALLEST_SIDE = 24;

interface Field {
  readonly expected: string;
  readonly accepts: (value: unknown) => boolean;
}

const FIELDS: { readonly [K in keyof TrainingConfig]: Field } = {
  inputNc: oneOf(1, 3),
  blocks: integer(1, 32),
  ngf: integer(1, 512),
  ndf: integer(1, 512),
  nLayersD: integer(1, 3),
  loadSize: integer(SMALLEST_SIDE, 4096),
  cropSize: side(),
  batchSize: integer(1, 1024),
  nEpochs: integer(0, 1e6),
  nEpochsDecay: integer(0, 1e6),
  steps: { expected: 'null or a whole number above 0', accepts: (v) => v === null || isInteger(v, 1, 1e9) },
  schedule: oneOf('reference', 'paper'),
  lr: number(0, 1),
  beta1: number(0, 0.9999),
  beta2: number(0, 0.999999),
  ganMode: oneOf('lsgan', 'vanilla'),
  lambdaA: number(0, 1e6),
  lambdaB: number(0, 1e6),
  lambdaIdentity: number(0, 1e6),
  poolSize: integer(0, 100_000),
  domainCrops: integer(0, 1024),
  adam: oneOf('one', 'per-d'),
  precision: oneOf('f32', 'mixed'),
  ema: number(0, 0.999999),
  flip: oneOf(true, false),
  rotate: oneOf(true, false),
  cropDefects: oneOf(true, false),
  localContrast: oneOf(true, false),
  seed: integer(0, 2 ** 32 - 1),
  checkpointInterval: integer(1, 1e9),
  sampleInterval: integer(0, 1e9),
};

/** What a run did from before there was a choice: it computed in f32, averaged nothing, cut its crops anywhere, and so on. */
const BEFORE_THE_CHOICE = {
  precision: 'f32',
  ema: 0,
  cropDefects: false,
  localContrast: false,
  domainCrops: 0,
  nLayersD: 3,
} as const;

/** How images come before the networks, whoever shows them, but for their size. */
export function imageOptions({ inputNc, localContrast }: TrainingConfig): Omit<BankOptions, 'loadSize'> {
  return { channels: inputNc, localContrast };
}

/** The networks that a configuration asks for. */
export function architectureOf({ inputNc, ngf, ndf, blocks, nLayersD }: TrainingConfig): Architecture {
  return { channels: inputNc, ngf, ndf, blocks, discriminatorLayers: nLayersD };
}

/** The names of all fields of a {@link TrainingConfig}. */
export const CONFIG_FIELDS: readonly string[] = Object.keys(FIELDS);

/**
 * A configuration from JSON or from options, with every value checked.
 *
 * @param source where it comes from, for the message: a path, or `the options`
 * @throws CyclopsError naming the option, what was expected and what came
 */
export function parseConfig(json: unknown, source: string): TrainingConfig {
  if (typeof json !== 'object' || json === null) {
    throw new CyclopsError(
      `${source} does not hold a training configuration: expected a JSON object with its options.`,
    );
  }
  const config: object = { ...BEFORE_THE_CHOICE, ...json };
  if (!isConfig(config, source)) throw new Error('An unusable configuration was not refused.');
  if (config.cropSize > config.loadSize) {
    throw new CyclopsError(
      `--crop-size ${config.cropSize} is larger than --load-size ${config.loadSize} (${source}): the crop is cut from the ` +
        'resized image. Make the crop at most as large as the image.',
    );
  }
  if (config.steps === null && config.nEpochs + config.nEpochsDecay === 0) {
    throw new CyclopsError(
      `--n-epochs 0 with --n-epochs-decay 0 trains nothing (${source}). Expected at least one epoch.`,
    );
  }
  return config;
}

function isConfig(json: object, source: string): json is TrainingConfig {
  const values = new Map<string, unknown>(Object.entries(json));
  for (const [name, { expected, accepts }] of Object.entries(FIELDS)) {
    const value = values.get(name);
    if (accepts(value)) continue;
    const came = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
    throw new CyclopsError(`${optionName(name)} ${came} in ${source}; expected ${expected}. Correct it and run again.`);
  }
  const unknown = [...values.keys()].find((name) => !(name in FIELDS));
  if (unknown === undefined) return true;
  throw new CyclopsError(
    `${source} names the option ${unknown}, which this version does not know; expected only ` +
      `${CONFIG_FIELDS.join(', ')}. Use the version that wrote it.`,
  );
}

/** The command line's spelling of a field: `loadSize` → `--load-size`, `lambdaA` → `--lambda-A`. */
export function optionName(field: string): string {
  const kebab = field.replace(/[A-Z](?=[a-z])/g, (letter) => `-${letter.toLowerCase()}`).replace(/[A-Z]$/, '-$&');
  return `--${kebab}`;
}

function oneOf(...choices: readonly (string | number | boolean)[]): Field {
  return {
    expected: choices.map((choice) => String(choice)).join(' or '),
    accepts: (value) => choices.some((choice) => choice === value),
  };
}

function integer(least: number, most: number): Field {
  return {
    expected: `a whole number from ${least} to ${most}`,
    accepts: (value) => isInteger(value, least, most),
  };
}

function number(least: number, most: number): Field {
  return {
    expected: `a number from ${least} to ${most}`,
    accepts: (value) => typeof value === 'number' && value >= least && value <= most,
  };
}

/** Two stride-2 layers and their mirror images give back the size only for multiples of 4. */
function side(): Field {
  return {
    expected: `a multiple of 4 from ${SMALLEST_SIDE} to 4096, since the generator halves the size twice`,
    accepts: (value) => isInteger(value, SMALLEST_SIDE, 4096) && value % 4 === 0,
  };
}

function isInteger(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}
