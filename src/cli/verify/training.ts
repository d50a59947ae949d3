import * as v from 'valibot';
import { GAN_MODES, type Precision } from '../../cyclegan/config.ts';
import { CycleGAN } from '../../cyclegan/model.ts';
import { NETWORK_NAMES, type NetworkName } from '../../cyclegan/network-names.ts';
import type { UniformSource } from '../../cyclegan/pool.ts';
import { finite, list, object, oneOf, text, whole } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import { entry, type Golden, gradients, readGolden } from './golden.ts';
import { type Check, RelativeL2, TOLERANCE } from './tolerance.ts';

/** What the golden training runs have in common, in the names of their manifest.json. */
export const TRAIN_MANIFEST = {
  config: object({
    ...{ nc: whole(1), ngf: whole(1), ndf: whole(1), netG: text, pool: whole(), gan: oneOf(GAN_MODES) },
    ...{ lr: finite(), lambda_A: finite(), lambda_B: finite(), lambda_identity: finite() },
    betas: v.strictTuple([finite(), finite()], 'a list of two numbers'),
  }),
  /** Biases in front of an instance norm: their gradient is 0, and what the reference has there is noise. */
  dead_biases: object(v.entriesFromList(NETWORK_NAMES, list(text))),
};
const trainManifestSchema = object(TRAIN_MANIFEST);
export type TrainManifest = v.InferOutput<typeof trainManifestSchema>;

/** The weights of all four networks in `folder`, a part of a golden run. */
export function readNetworks(folder: string): Record<NetworkName, Golden> {
  const read = (name: NetworkName) => readGolden(folder, `${name}.safetensors`);
  return { G_A: read('G_A'), G_B: read('G_B'), D_A: read('D_A'), D_B: read('D_B') };
}

interface GoldenModelOptions {
  weights: Record<NetworkName, Golden>;
  /** The draws of the image pools. */
  random: UniformSource;
  precision?: Precision;
}

/** A Cycle-GAN with a golden run's options and these weights. */
export function goldenModel(
  device: Device,
  { config }: TrainManifest,
  { weights, random, precision = 'f32' }: GoldenModelOptions,
): CycleGAN {
  const options = {
    channels: config.nc,
    ngf: config.ngf,
    ndf: config.ndf,
    blocks: Number(/\d+/.exec(config.netG)?.[0]),
    discriminatorLayers: 3,
    lambdaA: config.lambda_A,
    lambdaB: config.lambda_B,
    lambdaIdentity: config.lambda_identity,
    ganMode: config.gan,
    poolSize: config.pool,
    lr: config.lr,
    betas: config.betas,
    discriminatorOptimisers: 'shared',
    precision,
    seed: 0,
  } as const;
  const model = new CycleGAN(device, options, random);
  for (const name of NETWORK_NAMES) model.networks[name].loadStateDict(weights[name], `${name}.safetensors`);
  return model;
}

interface ExpectedGradients {
  expected: (network: NetworkName, parameter: string) => Float32Array;
  /** What the step's losses were multiplied by. */
  scale?: number;
  tolerance?: number;
}

/** The gradients that the last step left in each network, over the scale of its losses, against the expected ones. */
export async function* compareGradients(
  run: string,
  model: CycleGAN,
  manifest: TrainManifest,
  { expected, scale = 1, tolerance = TOLERANCE.stepGrads }: ExpectedGradients,
): AsyncGenerator<Check> {
  for (const network of NETWORK_NAMES) {
    const sum = new RelativeL2();
    for (const [parameter, grad] of await gradients(model.networks[network])) {
      if (!isLive(manifest, network, parameter)) continue;
      sum.add(grad?.map((v) => v / scale) ?? [], expected(network, parameter));
    }
    yield { name: run, what: `gradients of ${network}, relative L2`, error: sum.error, tolerance };
  }
}

interface ExpectedWeights {
  before: Record<NetworkName, Golden>;
  after: Record<NetworkName, Golden>;
  tolerance: (network: NetworkName) => number;
}

/** How far each network's weights are from those that the reference arrived at, over how far it came from `before`. */
export async function* compareWeights(
  run: string,
  model: CycleGAN,
  manifest: TrainManifest,
  { before, after, tolerance }: ExpectedWeights,
): AsyncGenerator<Check> {
  for (const network of NETWORK_NAMES) {
    const sum = new RelativeL2();
    for (const [parameter, { data }] of await model.networks[network].stateDict()) {
      if (!isLive(manifest, network, parameter)) continue;
      sum.add(data, entry(after[network], parameter).data, entry(before[network], parameter).data);
    }
    const what = `weights of ${network}, distance over update`;
    yield { name: run, what, error: sum.error, tolerance: tolerance(network) };
  }
}

function isLive({ dead_biases: dead }: TrainManifest, network: NetworkName, parameter: string): boolean {
  return !dead[network].includes(parameter);
}
