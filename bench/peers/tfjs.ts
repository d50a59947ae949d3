/** TensorFlow.js on its WebGPU backend. */
import './navigator.ts';
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs';
import { LOSS_NAMES } from '../../src/cyclegan/losses.ts';
import { fromReferenceLayout } from '../../src/layers/layout.ts';
import { contend, type Work } from './contender.ts';
import { adapterName, wait } from './navigator.ts';
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

await tf.setBackend('webgpu');
await tf.ready();
if (tf.getBackend() !== 'webgpu') throw new Error(`tfjs fell back to its backend ${tf.getBackend()}.`);

type Weights = ReadonlyMap<string, tf.Tensor>;

/** Weights [KH,KW,C,O], of transposed convolutions [KH,KW,Cout,Cin]. */
function weights(layers: readonly Layer[], index: number): Map<string, tf.Variable> {
  const loaded = new Map<string, tf.Variable>();
  for (const [name, { shape, data }] of parameters(layers, index)) {
    const [o = 0, c = 0, kh = 0, kw = 0] = shape;
    const values =
      shape.length === 4 ? tf.tensor4d(fromReferenceLayout(data, shape), [kh, kw, c, o]) : tf.tensor1d(data);
    loaded.set(name, tf.variable(values));
  }
  return loaded;
}

function upload(index: number, size: number, channels: number): tf.Tensor4D {
  return tf.tensor4d(image(index, size, channels), [1, size, size, channels]);
}

function convolution(layer: Convolution, given: Weights, x: tf.Tensor4D): tf.Tensor4D {
  const { kind, name, kernel, stride, padding, outputPadding, reflect, outChannels } = layer;
  const weight = given.get(`${name}.weight`) as tf.Tensor4D;
  const bias = given.get(`${name}.bias`);
  let y: tf.Tensor4D;
  if (kind === 'convTranspose') {
    const side = (x.shape[1] - 1) * stride - 2 * padding + kernel + outputPadding;
    y = tf.conv2dTranspose(x, weight, [1, side, side, outChannels], stride, padding);
  } else if (reflect) {
    const border: [number, number] = [padding, padding];
    y = tf.conv2d(tf.mirrorPad(x, [[0, 0], border, border, [0, 0]], 'reflect'), weight, stride, 'valid');
  } else {
    y = tf.conv2d(x, weight, stride, padding);
  }
  return bias ? tf.add(y, bias) : y;
}

function norm(x: tf.Tensor4D): tf.Tensor4D {
  const { mean, variance } = tf.moments(x, [1, 2], true);
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, NORM_EPS)));
}

function network(layers: readonly Layer[], given: Weights, x: tf.Tensor4D): tf.Tensor4D {
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
      case 'residual':
        y = tf.add(y, network(layer.layers, given, y));
        break;
      case 'relu':
        y = tf.relu(y);
        break;
      case 'leakyRelu':
        y = tf.leakyRelu(y, LEAKY_SLOPE);
        break;
      case 'tanh':
        y = tf.tanh(y);
        break;
    }
  }
  return y;
}

/** Reads one value back: it comes after everything before it. */
async function readOne(x: tf.Tensor): Promise<void> {
  const one = tf.slice(
    x,
    x.shape.map(() => 0),
    x.shape.map(() => 1),
  );
  await wait(one.data());
  one.dispose();
}

async function forward({ layers, size, channels }: ForwardProblem): Promise<Work> {
  const given = weights(layers, 0);
  const x = upload(0, size, channels);
  const compute = () => tf.tidy(() => network(layers, given, x));
  let last: tf.Tensor | undefined;
  return {
    run() {
      last?.dispose();
      last = compute();
    },
    finish: async () => (last ? readOne(last) : undefined),
    output: () => wait(compute().data()),
  };
}

const l1 = (x: tf.Tensor, y: tf.Tensor): tf.Scalar => tf.mean(tf.abs(tf.sub(x, y)));
const lsgan = (prediction: tf.Tensor, label: number): tf.Scalar => tf.mean(tf.square(tf.sub(prediction, label)));

const named = (tensors: tf.NamedTensorMap): { name: string; tensor: tf.Tensor }[] =>
  Object.entries(tensors).map(([name, tensor]) => ({ name, tensor }));

async function step(): Promise<Work> {
  const { lambdaA, lambdaB, lambdaIdentity, lr, betas, eps, size, channels } = TRAINING;
  const [gA, gB] = [weights(GENERATOR, 0), weights(GENERATOR, 1)];
  const [dA, dB] = [weights(DISCRIMINATOR, 2), weights(DISCRIMINATOR, 3)];
  const [a, b] = [upload(0, size, channels), upload(1, size, channels)];
  const G_A = (x: tf.Tensor4D) => network(GENERATOR, gA, x);
  const G_B = (x: tf.Tensor4D) => network(GENERATOR, gB, x);
  const D_A = (x: tf.Tensor4D) => network(DISCRIMINATOR, dA, x);
  const D_B = (x: tf.Tensor4D) => network(DISCRIMINATOR, dB, x);
  const adam = () => tf.train.adam(lr, betas[0], betas[1], eps);
  const [generatorAdam, discriminatorAdam] = [adam(), adam()];
  const generatorWeights = [...gA.values(), ...gB.values()];
  const discriminatorWeights = [...dA.values(), ...dB.values()];

  /** @returns the losses, in Cyclops' order */
  const trainOnce = (): tf.Tensor1D =>
    tf.tidy(() => {
      const losses: Record<string, tf.Scalar> = {};
      const note = (name: string, loss: tf.Scalar): tf.Scalar => {
        losses[name] = tf.keep(loss);
        return loss;
      };
      let fakes: { fakeA: tf.Tensor4D; fakeB: tf.Tensor4D } | undefined;
      const generators = tf.variableGrads(() => {
        const fakeB = G_A(a);
        const recA = G_B(fakeB);
        const fakeA = G_B(b);
        const recB = G_A(fakeA);
        fakes = { fakeA: tf.keep(fakeA), fakeB: tf.keep(fakeB) };
        // Not addN, which has no gradient.
        return [
          note('G_A', lsgan(D_A(fakeB), 1)),
          note('G_B', lsgan(D_B(fakeA), 1)),
          note('cycle_A', tf.mul(l1(recA, a), lambdaA)),
          note('cycle_B', tf.mul(l1(recB, b), lambdaB)),
          note('idt_A', tf.mul(l1(G_A(b), b), lambdaB * lambdaIdentity)),
          note('idt_B', tf.mul(l1(G_B(a), a), lambdaA * lambdaIdentity)),
        ].reduce((sum, loss) => tf.add(sum, loss));
      }, generatorWeights);
      generatorAdam.applyGradients(named(generators.grads));
      if (!fakes) throw new Error('tfjs did not call the loss function.');
      const { fakeA, fakeB } = fakes;
      const discriminators = tf.variableGrads(
        () =>
          tf.add(
            note('D_A', tf.mul(tf.add(lsgan(D_A(b), 1), lsgan(D_A(fakeB), 0)), 0.5)),
            note('D_B', tf.mul(tf.add(lsgan(D_B(a), 1), lsgan(D_B(fakeA), 0)), 0.5)),
          ),
        discriminatorWeights,
      );
      discriminatorAdam.applyGradients(named(discriminators.grads));
      const all = tf.stack(LOSS_NAMES.map((name) => losses[name]!)) as tf.Tensor1D;
      for (const kept of [fakeA, fakeB, ...Object.values(losses)]) kept.dispose();
      return all;
    });

  let last: tf.Tensor | undefined;
  return {
    run() {
      last?.dispose();
      last = trainOnce();
    },
    // The losses of the discriminators come before their update, so wait for a weight instead.
    finish: () => readOne(dB.values().next().value!),
    // Only the first: a gradient of tf.mirrorPad lacks what the border adds, so that the second step differs.
    output: () => wait(trainOnce().data()),
  };
}

await contend({
  name: 'tfjs',
  version: tf.version.tfjs,
  adapter: await adapterName(),
  forward,
  step,
});
