import { CyclopsError } from '../gpu/errors.ts';
import { PREPROCESSING, type TrainingConfig } from './config.ts';

/** The reference CycleGAN's defaults, but for the sizes: what every preset starts from. */
export const REFERENCE = {
  inputNc: 3,
  blocks: 9,
  ngf: 64,
  netD: 'patch',
  ndf: 64,
  nLayersD: 3,
  batchSize: 1,
  nEpochs: 100,
  nEpochsDecay: 100,
  steps: null,
  schedule: 'reference',
  lr: 0.0002,
  lrD: null,
  beta1: 0.5,
  beta2: 0.999,
  ganMode: 'lsgan',
  lambdaA: 10,
  lambdaB: 10,
  lambdaIdentity: 0.5,
  lambdaPaired: 0,
  poolSize: 50,
  domainCrops: 0,
  transplants: 0,
  damage: 0,
  shrink: 1,
  warmUp: 0,
  adam: 'one',
  precision: 'f32',
  ema: 0,
  flip: true,
  flipVertical: false,
  rotate: false,
  cropDefects: true,
  defectsBySize: false,
  judgeCrops: false,
  localContrast: false,
  planes: null,
  range: 'full',
  preprocessing: PREPROCESSING,
  seed: 0,
  checkpointInterval: 500,
  sampleInterval: 500,
} as const;

export const PRESET_NAMES = ['tiny', 'quick', 'segment', 'small', 'paper256'] as const;

export type PresetName = (typeof PRESET_NAMES)[number];

const PRESETS: Readonly<Record<PresetName, TrainingConfig>> = {
  /** For a first try: minutes on a CPU. */
  tiny: {
    ...REFERENCE,
    blocks: 3,
    ngf: 8,
    ndf: 16,
    loadSize: 64,
    cropSize: 48,
    nEpochs: 5,
    nEpochsDecay: 5,
    checkpointInterval: 200,
    sampleInterval: 200,
  },
  /** For half an hour on two CPU cores. */
  quick: {
    ...REFERENCE,
    blocks: 4,
    ngf: 16,
    ndf: 32,
    loadSize: 128,
    cropSize: 64,
    steps: 1500,
    ema: 0.998,
  },
  /** For images with masks, or whole images with labels: twenty minutes on two CPU cores, most of it for a discriminator that judges every pixel. */
  segment: {
    ...REFERENCE,
    blocks: 3,
    ngf: 8,
    netD: 'unet',
    ndf: 32,
    loadSize: 128,
    cropSize: 64,
    steps: 2500,
    lrD: 0.001,
    domainCrops: 4,
    defectsBySize: true,
    judgeCrops: true,
    rotate: true,
    ema: 0.995,
  },
  /** For a CPU overnight, or a small GPU. */
  small: { ...REFERENCE, blocks: 6, ngf: 32, ndf: 32, loadSize: 128, cropSize: 64, nEpochs: 25, nEpochsDecay: 25 },
  /** The paper's networks, schedule and views at 256 px: for a GPU. */
  paper256: {
    ...REFERENCE,
    loadSize: 256,
    cropSize: 256,
    batchSize: 16,
    schedule: 'paper',
    adam: 'per-d',
    rotate: true,
  },
};

/** @throws CyclopsError for a name that is not in the table */
export function preset(name: string): TrainingConfig {
  const found = Object.entries(PRESETS).find(([known]) => known === name)?.[1];
  if (found) return { ...found };
  throw new CyclopsError(`There is no preset '${name}'; expected ${PRESET_NAMES.join(', ')}.`);
}
