import { join } from 'node:path';
import * as v from 'valibot';
import { noGrad } from '../../autograd/tape.ts';
import { LOSS_NAMES, type Losses } from '../../cyclegan/losses.ts';
import type { CycleGAN } from '../../cyclegan/model.ts';
import type { NetworkName } from '../../cyclegan/network-names.ts';
import type { UniformSource } from '../../cyclegan/pool.ts';
import { byName, finite, list, object, text, whole } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import type { StateTensor } from '../../layers/layout.ts';
import { scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { verifyForced } from './forced.ts';
import { entry, type Golden, readGolden, readImages, readIndex, readManifest, uploadImages } from './golden.ts';
import {
  CHAOTIC_LOSSES,
  type Check,
  errorOverMax,
  RUN_LOSSES,
  SLACK,
  TOLERANCE,
  type WholePrecision,
  worstRelativeError,
} from './tolerance.ts';
import { compareGradients, compareWeights, goldenModel, readNetworks, TRAIN_MANIFEST } from './training.ts';

const runSchema = object({
  ...TRAIN_MANIFEST,
  schedule_A_B_bank_index_per_step: list(v.strictTuple([whole(), whole()], 'a list of two numbers')),
  /** For each step and pool, one for each image; `p` and `random_id` are what was drawn. */
  pool_decisions_per_step: list(
    list(object({ decisions: list(object({ p: v.exactOptional(finite()), random_id: v.exactOptional(whole()) })) })),
  ),
  /** The reference's own error in float32, by image. */
  step1_torch_f32_vs_f64: v.exactOptional(byName(object({ err_over_max: finite() })), {}),
});
type RunManifest = v.InferOutput<typeof runSchema>;

/** Steps between two readings of the losses. */
const STEPS_PER_READ = 8;

/** Whole training runs from the reference's weights, on its images and pool decisions, against `folder` (golden train/). */
export async function* verifyTrain(
  device: Device,
  folder: string,
  precision: WholePrecision = 'f32',
): AsyncGenerator<Check> {
  for (const { name } of readIndex(folder, object({ name: text }))) {
    const verify = name === 'forced' ? verifyForced : verifyRun;
    yield* verify(device, join(folder, name), `train/${name}`, precision);
  }
}

async function* verifyRun(
  device: Device,
  folder: string,
  name: string,
  precision: WholePrecision,
): AsyncGenerator<Check> {
  const manifest = readManifest(runSchema, folder, 'manifest.json');
  const data = readGolden(folder, 'data.safetensors');
  const before = readNetworks(join(folder, 'init'));
  const model = goldenModel(device, manifest, { weights: before, random: recordedDraws(manifest), precision });
  const slack = SLACK[precision];
  const bank = (key: 'bank_A' | 'bank_B', index: number) => uploadImages(device, batchOf(entry(data, key), index));
  const chaotic = RUN_LOSSES[name.slice('train/'.length)] === undefined;
  const firstStep = chaotic ? readGolden(folder, 'step1.safetensors') : null;
  const losses: Losses[] = [];
  const schedule = manifest.schedule_A_B_bank_index_per_step;
  for (const [step, [a, b]] of schedule.entries()) {
    const images = { realA: bank('bank_A', a), realB: bank('bank_B', b) };
    if (step === 0 && firstStep) yield* compareImages(name, model, images, { manifest, golden: firstStep, precision });
    model.step(images.realA, images.realB);
    for (const image of Object.values(images)) image.dispose();
    if (step === 0 && firstStep) {
      const expected = (network: string, key: string) => entry(firstStep, `grad.${network}.${key}`).data;
      const tolerance = slack * TOLERANCE.stepGrads;
      yield* compareGradients(`${name}, step 1`, model, manifest, { expected, tolerance });
    }
    if ((step + 1) % STEPS_PER_READ === 0 || step + 1 === schedule.length) losses.push(...(await model.losses()));
  }
  yield* compareLosses(name, losses, entry(data, 'losses_f64').data, slack);
  if (!chaotic) {
    const after = readNetworks(join(folder, 'final'));
    const tolerance = (network: NetworkName) =>
      network.startsWith('G') ? TOLERANCE.finalGenerator : TOLERANCE.finalDiscriminator;
    yield* compareWeights(name, model, manifest, { before, after, tolerance });
  }
  model.dispose();
}

/** The reference's draws for its image pools, in the middle of the interval that gives each place. */
function recordedDraws({ pool_decisions_per_step: steps, config }: RunManifest): UniformSource {
  const draws = steps
    .flat()
    .flatMap(({ decisions }) =>
      decisions.flatMap(({ p, random_id: slot }) => [
        ...(p === undefined ? [] : [p]),
        ...(slot === undefined ? [] : [(slot + 0.5) / config.pool]),
      ]),
    );
  return { uniform: () => draws.shift() ?? Number.NaN };
}

/** Entry `index` of a bank [bank,N,C,H,W]. */
function batchOf({ shape, data }: StateTensor<Float32Array>, index: number): StateTensor<Float32Array> {
  const each = data.length / (shape[0] ?? 1);
  return { shape: shape.slice(1), data: data.subarray(index * each, (index + 1) * each) };
}

/** What the generators make before the first step; the tolerance is ten times the reference's own error in float32. */
async function* compareImages(
  name: string,
  model: CycleGAN,
  { realA, realB }: { realA: Tensor; realB: Tensor },
  { manifest, golden, precision }: { manifest: RunManifest; golden: Golden; precision: WholePrecision },
): AsyncGenerator<Check> {
  const { G_A, G_B } = model.networks;
  const make = () =>
    scope(() => {
      const [fake_B, fake_A] = [G_A.forward(realA), G_B.forward(realB)];
      const [idt_A, idt_B] = [G_A.forward(realB), G_B.forward(realA)];
      return { fake_B, rec_A: G_B.forward(fake_B), fake_A, rec_B: G_A.forward(fake_A), idt_A, idt_B };
    });
  const images = noGrad(() => model.inPrecision(make));
  for (const [key, image] of Object.entries(images)) {
    const error = errorOverMax(await readImages(image), entry(golden, key).data);
    const reference = manifest.step1_torch_f32_vs_f64[key]?.err_over_max ?? 0;
    const tolerance = SLACK[precision] * 10 * Math.max(reference, 1e-7);
    yield { name: `${name}, step 1`, what: `${key}, of its maximum`, error, tolerance };
    image.dispose();
  }
}

function* compareLosses(name: string, losses: Losses[], expected: Float32Array, slack: number): Generator<Check> {
  const errors = Array.from({ length: expected.length / LOSS_NAMES.length }, (_, step) =>
    worstRelativeError(
      LOSS_NAMES.map((loss) => losses[step]?.[loss] ?? Number.NaN),
      expected.subarray(step * LOSS_NAMES.length, (step + 1) * LOSS_NAMES.length),
    ),
  );
  const tolerance = RUN_LOSSES[name.slice('train/'.length)];
  if (tolerance !== undefined) {
    yield {
      name,
      what: `losses of ${errors.length} steps, relative, the worst`,
      error: Math.max(...errors),
      tolerance: slack * tolerance,
    };
    return;
  }
  for (const [step, tolerance] of CHAOTIC_LOSSES.first.entries()) {
    const error = errors[step] ?? Number.NaN;
    const what = `losses of step ${step + 1}, relative, worst of eight`;
    yield { name, what, error, tolerance: slack * tolerance };
  }
  const later = Math.max(...errors.slice(CHAOTIC_LOSSES.first.length));
  yield { name, what: 'losses of the steps after, the trend', error: later, tolerance: CHAOTIC_LOSSES.later };
}
