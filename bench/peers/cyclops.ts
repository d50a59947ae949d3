/** Cyclops itself, as its own commands run it: kernels chosen by measurement, training steps captured and replayed. */

import { LOSS_NAMES } from '../../src/cyclegan/losses.ts';
import { CycleGAN } from '../../src/cyclegan/model.ts';
import { resnetGenerator } from '../../src/cyclegan/networks.ts';
import { conv2d, convTranspose2d, Device, instanceNorm, type Module, noGrad, scope, Tensor } from '../../src/index.ts';
import { fromReferenceLayout, referenceShape } from '../../src/layers/layout.ts';
import { tuneKernels } from '../../src/workflow/common/tuning.ts';
import { VERSION } from '../../src/workflow/common/versions.ts';
import { contend, type Work } from './contender.ts';
import {
  DISCRIMINATOR,
  type ForwardProblem,
  GENERATOR,
  image,
  type Layer,
  NORM_EPS,
  type Parameter,
  parameters,
  TRAINING,
} from './problems.ts';

const device = await Device.open();

function upload(index: number, size: number, channels: number): Tensor {
  return Tensor.from(device, image(index, size, channels), [1, size, size, channels]);
}

/** Loads the benchmark's weights; biases in front of an instance norm exist for the state dict alone and stay 0. */
function load(module: Module, layers: readonly Layer[], index: number): void {
  const state = new Map<string, Parameter>(parameters(layers, index));
  for (const [name, { shape, size }] of module.namedParameters()) {
    if (!state.has(name)) state.set(name, { shape: referenceShape(shape), data: new Float32Array(size) });
  }
  module.loadStateDict(state, 'The benchmark');
}

function network({ layers }: ForwardProblem): (x: Tensor) => Tensor {
  if (layers === GENERATOR) {
    const { channels, ngf, blocks } = TRAINING;
    const generator = resnetGenerator(device, { channels, ngf, blocks, seed: 0, stream: 0 });
    load(generator, layers, 0);
    return (x) => generator.forward(x);
  }
  const [layer] = layers;
  if (layer?.kind === 'norm') return (x) => instanceNorm(x, { eps: NORM_EPS });
  if (layer?.kind !== 'conv' && layer?.kind !== 'convTranspose') throw new Error(`A column of ${layer?.kind} is new.`);
  const stored = parameters(layers, 0).get(`${layer.name}.weight`);
  if (!stored) throw new Error(`There are no weights for ${layer.name}.`);
  const [outer = 0, inner = 0, kh = 0, kw = 0] = stored.shape;
  const weight = Tensor.from(device, fromReferenceLayout(stored.data, stored.shape), [kh, kw, inner, outer]);
  const { stride, padding, outputPadding } = layer;
  return layer.kind === 'conv'
    ? (x) => conv2d(x, weight, null, { stride, padding })
    : (x) => convTranspose2d(x, weight, null, { stride, padding, outputPadding });
}

async function forward(problem: ForwardProblem): Promise<Work> {
  const compute = network(problem);
  const x = upload(0, problem.size, problem.channels);
  const run = () => scope(() => void noGrad(() => compute(x)));
  await tuneKernels(device, { tune: true }, run);
  return {
    run,
    finish: () => device.fence(),
    output: () => scope(() => noGrad(() => compute(x))).data(),
  };
}

async function step(): Promise<Work> {
  const gan = new CycleGAN(
    device,
    { ...TRAINING, ganMode: 'lsgan', poolSize: 50, discriminatorOptimisers: 'shared', seed: 0 },
    { uniform: () => Math.random() },
  );
  const { G_A, G_B, D_A, D_B } = gan.networks;
  for (const [i, generator] of [G_A, G_B].entries()) load(generator, GENERATOR, i);
  for (const [i, discriminator] of [D_A, D_B].entries()) load(discriminator, DISCRIMINATOR, 2 + i);
  const realA = upload(0, TRAINING.size, TRAINING.channels);
  const realB = upload(1, TRAINING.size, TRAINING.channels);
  const body = () => gan.step(realA, realB);
  await tuneKernels(device, { tune: true }, body);
  const captured = device.capture(body);
  return {
    run: () => captured.replay(),
    finish: () => device.fence(),
    async output() {
      captured.replay();
      captured.replay();
      return (await gan.losses()).flatMap((losses) => LOSS_NAMES.map((name) => losses[name]));
    },
  };
}

await contend({
  name: 'cyclops',
  version: VERSION,
  adapter: device.info.name,
  forward,
  step,
});
