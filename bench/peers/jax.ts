/** jax-js on its WebGPU backend, compiled with its jit. */
import './navigator.ts';
import {
  blockUntilReady,
  defaultDevice,
  init,
  type Array as JaxArray,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import { LOSS_NAMES } from '../../src/cyclegan/losses.ts';
import { permute } from '../../src/layers/layout.ts';
import { contend, type Work } from './contender.ts';
import { adapterName, wait } from './navigator.ts';
import manifest from './package.json' with { type: 'json' };
import {
  type Convolution,
  DISCRIMINATOR,
  type ForwardProblem,
  GENERATOR,
  image,
  type Layer,
  LEAKY_SLOPE,
  NORM_EPS,
  parameters,
  TRAINING,
} from './problems.ts';

// Arrays are counted: whoever is passed one owns it, and `.ref` is one more owner.

const ready = await init('webgpu');
if (!ready.includes('webgpu')) throw new Error('jax-js did not start its WebGPU backend.');
defaultDevice('webgpu');

type Weights = { [name: string]: JaxArray };

/** In the reference's own layout, which is jax-js's too. */
function weights(layers: readonly Layer[], index: number): Weights {
  const loaded: Weights = {};
  for (const [name, { shape, data }] of parameters(layers, index)) loaded[name] = np.array(data, { shape: [...shape] });
  return loaded;
}

function upload(index: number, size: number, channels: number): JaxArray {
  const data = permute(image(index, size, channels), [1, size, size, channels], [0, 3, 1, 2]);
  return np.array(data, { shape: [1, channels, size, size] });
}

/** Images [1,C,H,W] as [H,W,C]. */
function channelsLast(data: ArrayLike<number>, shape: readonly number[]): Float32Array {
  return permute(data, shape, [0, 2, 3, 1]);
}

/** jax-js pads with zeros only, so the border is mirrored by hand. */
function reflectionPad(x: JaxArray, padding: number): JaxArray {
  let y = x;
  for (const axis of [2, 3]) {
    const side = y.shape[axis]!;
    const strip = (from: number, to: number) => {
      const range: [number, number] = [from, to];
      return np.flip(axis === 2 ? y.ref.slice([], [], range, []) : y.ref.slice([], [], [], range), axis);
    };
    const [before, after] = [strip(1, 1 + padding), strip(side - 1 - padding, side - 1)];
    y = np.concatenate([before, y, after], axis);
  }
  return y;
}

function convolution(layer: Convolution, given: Weights, x: JaxArray): JaxArray {
  const { kind, name, stride, padding, outputPadding, reflect, outChannels } = layer;
  const weight = given[`${name}.weight`]!.ref;
  const bias = given[`${name}.bias`];
  let y: JaxArray;
  if (kind === 'convTranspose') {
    const pads: [number, number] = [padding, padding - outputPadding];
    y = lax.convTranspose(x, weight, [stride, stride], [pads, pads], { transposeKernel: true });
  } else if (reflect) {
    y = lax.conv(reflectionPad(x, padding), weight, [stride, stride], 'VALID');
  } else if (stride > 1) {
    const border: [number, number] = [padding, padding];
    y = lax.conv(np.pad(x, [[0, 0], [0, 0], border, border]), weight, [stride, stride], 'VALID');
  } else {
    y = lax.conv(
      x,
      weight,
      [stride, stride],
      [
        [padding, padding],
        [padding, padding],
      ],
    );
  }
  return bias ? y.add(bias.ref.reshape([1, outChannels, 1, 1])) : y;
}

function norm(x: JaxArray): JaxArray {
  const planes = { keepdims: true };
  const centred = x.ref.sub(np.mean(x, [2, 3], planes));
  const variance = np.mean(np.square(centred.ref), [2, 3], planes);
  return centred.mul(np.reciprocal(np.sqrt(variance.add(NORM_EPS))));
}

/** Borrows `given`. */
function network(layers: readonly Layer[], given: Weights, x: JaxArray): JaxArray {
  let y = x;
  for (const layer of layers) {
    switch (layer.kind) {
      case 'conv':
      case 'convTranspose':
        y = convolution(layer, given, y);
        break;
      case 'norm':
        y = norm(y);
        break;
      case 'residual': {
        const inner = network(layer.layers, given, y.ref);
        y = y.add(inner);
        break;
      }
      case 'relu':
        y = nn.relu(y);
        break;
      case 'leakyRelu':
        y = nn.leakyRelu(y, LEAKY_SLOPE);
        break;
      case 'tanh':
        y = np.tanh(y);
        break;
    }
  }
  return y;
}

async function forward({ layers, size, channels }: ForwardProblem): Promise<Work> {
  const given = weights(layers, 0);
  const x = upload(0, size, channels);
  const compute = jit((w: Weights, input: JaxArray) => {
    const y = network(layers, w, input);
    tree.dispose(w);
    return y;
  });
  // A result that is dropped before it was waited for would never be computed.
  const started: JaxArray[] = [];
  return {
    run() {
      started.push(compute(tree.ref(given), x.ref));
    },
    async finish() {
      await wait(blockUntilReady(started));
      tree.dispose(started.splice(0));
    },
    async output() {
      const y = compute(tree.ref(given), x.ref);
      const { shape } = y;
      return channelsLast((await wait(y.data())) as Float32Array, shape);
    },
  };
}

interface Moments {
  [key: string]: Weights[];
  first: Weights[];
  second: Weights[];
}

/** One step of Adam on several networks; the corrections are 1 / (1 − β^t). Owns its arguments. */
function adam(networks: Weights[], grads: Weights[], { first, second }: Moments, corrections: JaxArray[]) {
  const { lr, betas, eps } = TRAINING;
  const [beta1, beta2] = betas;
  const [correction1, correction2] = corrections as [JaxArray, JaxArray];
  const updated: { networks: Weights[]; moments: Moments } = { networks: [], moments: { first: [], second: [] } };
  networks.forEach((network, i) => {
    const [w, m1, m2]: [Weights, Weights, Weights] = [{}, {}, {}];
    for (const name of Object.keys(network)) {
      const grad = grads[i]![name]!;
      const m = first[i]![name]!.mul(beta1).add(grad.ref.mul(1 - beta1));
      const v = second[i]![name]!.mul(beta2).add(np.square(grad).mul(1 - beta2));
      const denominator = np.sqrt(v.ref.mul(correction2.ref)).add(eps);
      w[name] = network[name]!.sub(m.ref.mul(correction1.ref).mul(lr).div(denominator));
      m1[name] = m;
      m2[name] = v;
    }
    updated.networks.push(w);
    updated.moments.first.push(m1);
    updated.moments.second.push(m2);
  });
  tree.dispose(corrections);
  return updated;
}

const l1 = (x: JaxArray, y: JaxArray): JaxArray => np.mean(np.abs(x.sub(y)));
const lsgan = (prediction: JaxArray, label: number): JaxArray => np.mean(np.square(prediction.sub(label)));

type Images = { [name: string]: JaxArray; a: JaxArray; b: JaxArray };

/** Owns its arguments. */
function generatorsLoss(
  generators: Weights[],
  discriminators: Weights[],
  { a, b }: Images,
): [JaxArray, { [name: string]: JaxArray }] {
  const { lambdaA, lambdaB, lambdaIdentity } = TRAINING;
  const G_A = (x: JaxArray) => network(GENERATOR, generators[0]!, x);
  const G_B = (x: JaxArray) => network(GENERATOR, generators[1]!, x);
  const fakeB = G_A(a.ref);
  const recA = G_B(fakeB.ref);
  const fakeA = G_B(b.ref);
  const recB = G_A(fakeA.ref);
  const losses = {
    G_A: lsgan(network(DISCRIMINATOR, discriminators[0]!, fakeB.ref), 1),
    G_B: lsgan(network(DISCRIMINATOR, discriminators[1]!, fakeA.ref), 1),
    cycle_A: l1(recA, a.ref).mul(lambdaA),
    cycle_B: l1(recB, b.ref).mul(lambdaB),
    idt_A: l1(G_A(b.ref), b.ref).mul(lambdaB * lambdaIdentity),
    idt_B: l1(G_B(a.ref), a.ref).mul(lambdaA * lambdaIdentity),
  };
  tree.dispose([generators, discriminators]);
  tree.dispose([a, b]);
  const total = Object.values(losses).reduce((sum: JaxArray, loss) => sum.add(loss.ref), np.array(0));
  return [total, { ...losses, fakeA, fakeB }];
}

/** Owns its arguments. */
function discriminatorsLoss(
  discriminators: Weights[],
  { a, b, fakeA, fakeB }: Images & { fakeA: JaxArray; fakeB: JaxArray },
): [JaxArray, { [name: string]: JaxArray }] {
  const half = (index: number, real: JaxArray, fake: JaxArray) => {
    const judge = (x: JaxArray) => network(DISCRIMINATOR, discriminators[index]!, x);
    return lsgan(judge(real), 1)
      .add(lsgan(judge(fake), 0))
      .mul(0.5);
  };
  const losses = { D_A: half(0, b, fakeB), D_B: half(1, a, fakeA) };
  tree.dispose(discriminators);
  return [losses.D_A.ref.add(losses.D_B.ref), losses];
}

const trainGenerators = jit(
  (
    generators: Weights[],
    moments: Moments,
    corrections: JaxArray[],
    { discriminators, images }: { discriminators: Weights[]; images: Images },
  ) => {
    const gradient = valueAndGrad(generatorsLoss, { hasAux: true });
    const [[total, made], grads] = gradient(tree.ref(generators), discriminators, images);
    total.dispose();
    return { ...adam(generators, grads, moments, corrections), made };
  },
);

const trainDiscriminators = jit(
  (
    discriminators: Weights[],
    moments: Moments,
    corrections: JaxArray[],
    images: Images & { fakeA: JaxArray; fakeB: JaxArray },
  ) => {
    const gradient = valueAndGrad(discriminatorsLoss, { hasAux: true });
    const [[total, made], grads] = gradient(tree.ref(discriminators), images);
    total.dispose();
    return { ...adam(discriminators, grads, moments, corrections), made };
  },
);

const zeros = (networks: Weights[]): Weights[] =>
  networks.map((network) =>
    Object.fromEntries(Object.entries(network).map(([name, { shape }]) => [name, np.zeros(shape)])),
  );

async function step(): Promise<Work> {
  const { betas, size, channels } = TRAINING;
  const start = (networks: Weights[]) => ({
    networks,
    moments: { first: zeros(networks), second: zeros(networks) },
  });
  let generators = start([weights(GENERATOR, 0), weights(GENERATOR, 1)]);
  let discriminators = start([weights(DISCRIMINATOR, 2), weights(DISCRIMINATOR, 3)]);
  const [a, b] = [upload(0, size, channels), upload(1, size, channels)];
  let steps = 0;
  let losses: { [name: string]: JaxArray } = {};

  const run = (): void => {
    steps += 1;
    const corrections = () => betas.map((beta) => np.array(1 / (1 - beta ** steps)));
    const judges = tree.ref(discriminators.networks);
    const frozen = { discriminators: judges, images: { a: a.ref, b: b.ref } };
    const g = trainGenerators(generators.networks, generators.moments, corrections(), frozen);
    generators = { networks: g.networks, moments: g.moments };
    const { fakeA, fakeB, ...generatorLosses } = g.made;
    const images = { a: a.ref, b: b.ref, fakeA: fakeA!, fakeB: fakeB! };
    const d = trainDiscriminators(discriminators.networks, discriminators.moments, corrections(), images);
    discriminators = { networks: d.networks, moments: d.moments };
    tree.dispose(losses);
    losses = { ...generatorLosses, ...d.made };
  };
  const finish = async () => {
    await wait(blockUntilReady([generators, discriminators]));
  };
  return {
    run,
    finish,
    async output() {
      const values: number[] = [];
      for (let i = 0; i < 2; i++) {
        run();
        await finish();
        for (const name of LOSS_NAMES) values.push((await wait(losses[name]!.ref.data()))[0]!);
      }
      return values;
    },
  };
}

await contend({
  name: 'jax',
  version: manifest.dependencies['@jax-js/jax'],
  adapter: await adapterName(),
  forward,
  step,
});
