import { ground } from '../../data/defects/ground.ts';
import type { StoredTensor } from '../../data/files/safetensors.ts';
import { ImageBank } from '../../data/images/bank.ts';
import type { Device } from '../../gpu/device.ts';
import type { StopSignal } from '../../gpu/stop-signal.ts';
import { RandomStream } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import { imageOptions, type TrainingConfig } from '../config.ts';
import { modelOptions } from '../model-options.ts';
import { type Batch, planEpoch, stepsPerEpoch } from '../sampler.ts';
import { SegmenterAlone } from '../segmenter-alone.ts';
import type { NetworkWeights } from './checkpoint.ts';
import { DomainFeed } from './domain-feed.ts';
import { Pace } from './pace.ts';
import { type Banks, loadImages, makeBanks } from './training-banks.ts';

/** Of the grounds; 5 belongs to defects that are made, those from 16 on to epochs. */
const GROUND_STREAM = 6;
/** Grounds are so many pixels wide and high, or as crops are. */
const SIDE = 96;
/** Of that size; fewer of larger ones, of which each shows more. */
const GROUNDS = 800;
const FEWEST_GROUNDS = 64;
/** Damaged copies of each ground. */
const COPIES = 2;

interface WarmUpOptions {
  signal?: StopSignal | undefined;
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * What a segmenter learns before it sees an image: to tell damage from the ground that it lies on, on grounds that were made. Hundreds of
 * them, of every kind, leave it no ground to know by heart. The same configuration gives the same weights.
 *
 * @param config of the training, whose crops, crops a step and preprocessing it has @returns null when the signal stopped it
 */
export async function warmUp(
  device: Device,
  config: TrainingConfig,
  { signal, onProgress }: WarmUpOptions,
): Promise<NetworkWeights | null> {
  const own = warmUpConfig(config);
  onProgress?.(0, own.warmUp);
  const banks = await groundBanks(device, own, signal);
  try {
    return signal?.aborted ? null : await learn(device, own, banks, { signal, onProgress });
  } finally {
    for (const bank of [banks.a, banks.b, banks.masks]) bank?.dispose();
  }
}

/** Damaged grounds, and sound ones; fewer when the signal comes. */
async function groundBanks(device: Device, config: TrainingConfig, signal: StopSignal | undefined): Promise<Banks> {
  const options = { ...imageOptions(config), loadSize: null };
  const sound = await loadImages(device, 'normal', madeGrounds(config, signal), config, options);
  const banks = { a: new ImageBank(device, options), b: sound.bank, bare: { a: null, b: sound.bare } };
  return await makeBanks(device, { ...banks, defects: [] }, config);
}

async function learn(
  device: Device,
  config: TrainingConfig,
  banks: Banks,
  { signal, onProgress }: WarmUpOptions,
): Promise<NetworkWeights | null> {
  const { batchSize, domainCrops, lr, warmUp: steps } = config;
  const model = new SegmenterAlone(device, modelOptions(config));
  const feed = new DomainFeed(banks, config, domainCrops, model.dtype);
  const perEpoch = stepsPerEpoch(banks.counts, batchSize);
  let batches: Batch[] = [];
  let step = 0;
  const captured = device.capture(() => {
    device.eachStep(() => {
      if (step % perEpoch === 0) batches = planEpoch(config, banks.counts, 1 + step / perEpoch, banks);
      const domains = batches[step % perEpoch]?.domains;
      if (domains) feed.show(domains);
      // Constant, then linear to zero.
      model.lr = lr * Math.min(1, 2 * (1 - step / steps));
      step += 1;
    });
    scope(() => model.step(feed.images(), batchSize));
  });
  try {
    const pace = new Pace(device);
    while (step < steps) {
      if (signal?.aborted) return null;
      captured.replay();
      await pace.keep();
      onProgress?.(step, steps);
    }
    await pace.end();
    const weights = new Map<string, StoredTensor>();
    for (const [name, { shape, data }] of await model.networks.D_A.stateDict())
      weights.set(name, { dtype: 'F32', shape: [...shape], data });
    return new Map([['D_A', weights]]);
  } finally {
    captured.dispose();
    feed.dispose();
    model.dispose();
  }
}

export type WarmUp = typeof warmUp;

/** A warm-up that several trainings share, such as the folds of a run: the first of a configuration does it for all. */
export function sharedWarmUp(): WarmUp {
  const done = new Map<string, NetworkWeights>();
  return async (device, config, options) => {
    const key = JSON.stringify(warmUpConfig(config));
    const weights = done.get(key) ?? (await warmUp(device, config, options));
    if (weights) done.set(key, weights);
    return weights;
  };
}

/** Whatever the data are, grounds lie in all directions, and defects are known. */
function warmUpConfig(config: TrainingConfig): TrainingConfig {
  return {
    ...config,
    ...{ loadSize: Math.max(SIDE, config.cropSize), ema: 0, lambdaPaired: 0, transplants: 0, damage: COPIES },
    ...{ shrink: 1, flip: true, rotate: true, cropDefects: true, sampleInterval: 0 },
  };
}

function* madeGrounds({ loadSize, seed, warmUp, domainCrops }: TrainingConfig, signal: StopSignal | undefined) {
  const random = new RandomStream(seed, GROUND_STREAM);
  const enough = Math.max(FEWEST_GROUNDS, Math.round(GROUNDS * (SIDE / loadSize) ** 2));
  // No more than the steps can show, but some, since damage may come to lie outside of one.
  const count = Math.min(enough, Math.max(8, warmUp * domainCrops));
  for (let n = 0; n < count && !signal?.aborted; n++) yield ground(loadSize, random);
}
