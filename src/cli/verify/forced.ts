import { join } from 'node:path';
import type { Precision } from '../../cyclegan/config.ts';
import { LOSS_NAMES } from '../../cyclegan/losses.ts';
import type { NetworkName } from '../../cyclegan/network-names.ts';
import { finite, list, object, whole } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import { fromReferenceLayout } from '../../layers/layout.ts';
import type { Module } from '../../layers/module.ts';
import type { AdamState } from '../../optim/adam.ts';
import { scope } from '../../tensor/scope.ts';
import { entry, type Golden, readGolden, readManifest, uploadImages } from './golden.ts';
import { type Check, SLACK, TOLERANCE, worstRelativeError } from './tolerance.ts';
import { compareGradients, compareWeights, goldenModel, readNetworks, TRAIN_MANIFEST } from './training.ts';

const forcedSchema = object({ ...TRAIN_MANIFEST, adam_step_before: whole(), losses_f64: list(finite()) });

/** A loss scale as in the middle of a run; with that of a first step, gradients would overflow. */
const SCALE = 2 ** 10;

const step = (slack: number) => ({
  losses: slack * TOLERANCE.stepLosses,
  grads: slack * TOLERANCE.stepGrads,
  update: slack * TOLERANCE.stepUpdate,
});

const TOLERANCES: Readonly<Record<Precision, ReturnType<typeof step>>> = {
  f32: step(SLACK.f32),
  split: step(SLACK.split),
  mixed: { losses: TOLERANCE.mixedLosses, grads: TOLERANCE.mixedGrads, update: TOLERANCE.mixedUpdate },
};

/** One step from the reference's weights and moments of a run in progress: the strictest test of a whole step. */
export async function* verifyForced(
  device: Device,
  folder: string,
  name: string,
  precision: Precision = 'f32',
): AsyncGenerator<Check> {
  const manifest = readManifest(forcedSchema, folder, 'manifest.json');
  const read = (part: string) => readNetworks(join(folder, part));
  const before = read('before');
  const random = { uniform: () => Number.NaN };
  const model = goldenModel(device, manifest, { weights: before, random, precision });
  model.lossScaler?.loadState({ scale: SCALE, goodSteps: 0 });
  const { G_A, G_B, D_A, D_B } = model.networks;
  const moments = read('adam_before');
  const state = (parts: [Module, Golden][]): AdamState => {
    return { step: manifest.adam_step_before, moments: parts.flatMap(([module, golden]) => momentsOf(module, golden)) };
  };
  model.generatorOptimiser.loadState(
    state([
      [G_A, moments.G_A],
      [G_B, moments.G_B],
    ]),
  );
  model.discriminatorOptimisers[0]?.loadState(
    state([
      [D_A, moments.D_A],
      [D_B, moments.D_B],
    ]),
  );

  const data = readGolden(folder, 'data.safetensors');
  const image = (key: string) => uploadImages(device, entry(data, key));
  scope(() => model.step(image('real_A'), image('real_B')));

  const tolerances = TOLERANCES[precision];
  const [losses] = await model.losses();
  const lossError = worstRelativeError(
    LOSS_NAMES.map((loss) => losses?.[loss] ?? Number.NaN),
    manifest.losses_f64,
  );
  yield { name, what: 'losses, relative, worst of eight', error: lossError, tolerance: tolerances.losses };
  const grads = read('grads');
  const expected = (network: NetworkName, parameter: string) => entry(grads[network], parameter).data;
  const scale = model.lossScaler ? SCALE : 1;
  yield* compareGradients(name, model, manifest, { expected, scale, tolerance: tolerances.grads });
  yield* compareWeights(name, model, manifest, { before, after: read('after'), tolerance: () => tolerances.update });
  model.dispose();
}

function momentsOf(module: Module, golden: Golden): AdamState['moments'] {
  return [...module.namedParameters()].map(([parameter]) => {
    const moment = (key: string) => {
      const { data, shape } = entry(golden, `${parameter}.${key}`);
      return fromReferenceLayout(data, shape);
    };
    return { expAvg: moment('exp_avg'), expAvgSq: moment('exp_avg_sq') };
  });
}
