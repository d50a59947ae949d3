/** For each function of the engine arguments that it takes, made anew for each call. */
import { f32, immediates, type Kernel } from '../../src/gpu/launch.ts';
import {
  Adam,
  AdamW,
  BatchNorm2d,
  Conv2d,
  ConvTranspose2d,
  type Device,
  type Disposable,
  encodeSafetensors,
  InstanceNorm2d,
  Linear,
  LossScaler,
  Module,
  mul,
  normalInitialiser,
  relu,
  Sequential,
  SGD,
  sum,
  Tensor,
} from '../../src/index.ts';
import { copy } from '../../src/kernels/elementwise.ts';
import { referenceShape } from '../../src/layers/layout.ts';

/** Makes what calls take on a device, and frees it. */
export class Maker {
  private readonly made: Disposable[] = [];

  constructor(readonly device: Device) {}

  track<T extends Disposable>(made: T): T {
    this.made.push(made);
    return made;
  }

  dispose(): void {
    for (const one of this.made.splice(0).reverse()) one.dispose();
  }

  /** A leaf of values from 0.25 to 0.75 that wants its gradient. */
  tensor(...shape: number[]): Tensor {
    const count = shape.reduce((product, extent) => product * extent, 1);
    const values = Float32Array.from({ length: count }, (_, i) => 0.25 + (((7 * i) % 11) / 11) * 0.5);
    const tensor = this.track(Tensor.from(this.device, values, shape));
    tensor.requiresGrad = true;
    return tensor;
  }

  /** A scalar that depends on a leaf. */
  loss(): Tensor {
    return this.track(sum(this.tensor(3)));
  }

  initialiser() {
    const { weight, bias, factor } = normalInitialiser(this.device, { seed: 1, stream: 0 });
    return {
      weight: (shape: readonly number[]) => this.track(weight(shape)),
      bias: (shape: readonly number[]) => this.track(bias(shape)),
      factor: (shape: readonly number[]) => this.track(factor(shape)),
    };
  }
}

class Rectifier extends Module {
  private readonly factor: Tensor;

  constructor(make: Maker) {
    super();
    this.factor = this.addParameter('factor', make.tensor(1));
  }

  forward(x: Tensor): Tensor {
    return mul(relu(x), this.factor);
  }
}

const ADD: Kernel = {
  name: 'add',
  access: 'w',
  constants: {},
  code: `struct P { by: f32 } var<immediate> p: P; @group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { if (id.x < 3) { x[id.x] += p.by; } }`,
};

const IMAGES = [2, 12, 12, 4] as const;

const poolOptions = { stride: [2, 2], padding: [1, [1, 1]], ceilMode: false };
const sliding = { stride: [1, 1], padding: [1, [1, 1]], dilation: [1, 1], groups: 2 };
const adamOptions = { lr: 0.1, betas: [0.9, 0.99], eps: 1e-8 };
const conv2dOptions = { inChannels: 4, outChannels: 4, kernelSize: [3, 3], bias: true, deadBias: false };

/** What methods are called on, by class. */
const SELVES: Readonly<Record<string, (make: Maker) => Disposable | Device>> = {
  Device: ({ device }) => device,
  Capture: (make) => {
    const [x, out] = [make.tensor(3), make.tensor(3)];
    return make.track(make.device.capture(() => copy(make.device, { x: x.slice, out: out.slice, count: 3 })));
  },
  Tensor: (make) => make.tensor(2, 3),
  'Tensor#item': (make) => make.tensor(1),
  BatchNorm2d: (make) => make.track(new BatchNorm2d({ device: make.device, channels: 4 })),
  Conv2d: (make) => make.track(new Conv2d({ inChannels: 4, outChannels: 4, kernelSize: 3 }, make.initialiser())),
  ConvTranspose2d: (make) =>
    make.track(new ConvTranspose2d({ inChannels: 4, outChannels: 4, kernelSize: 3 }, make.initialiser())),
  InstanceNorm2d: (make) => make.track(new InstanceNorm2d({ affine: { device: make.device, channels: 4 } })),
  Linear: (make) => make.track(new Linear({ inFeatures: 4, outFeatures: 4 }, make.initialiser())),
  Module: (make) => make.track(new Rectifier(make)),
  Sequential: (make) => make.track(new Sequential([['0', new Rectifier(make)]])),
  Adam: (make) => make.track(new Adam([make.tensor(3)], { lr: 0.1, betas: [0.9, 0.99] })),
  AdamW: (make) => make.track(new AdamW([make.tensor(3)], { lr: 0.1, betas: [0.9, 0.99] })),
  Optimiser: (make) => make.track(new SGD([make.tensor(3)], { lr: 0.1 })),
  SGD: (make) => make.track(new SGD([make.tensor(3)], { lr: 0.1, momentum: 0.9 })),
  LossScaler: (make) => make.track(new LossScaler(make.device)),
};

export type Arguments = (make: Maker) => readonly unknown[];

const one: Arguments = (make) => [make.tensor(...IMAGES)];
const two: Arguments = (make) => [make.tensor(...IMAGES), make.tensor(...IMAGES)];
const none: Arguments = () => [];

const ARGUMENTS: Readonly<Record<string, Arguments>> = {
  'Device.open': () => [{ device: 'cpu', portable: false, backend: 'vulkan', checked: true }],
  'Device#within': () => ['part', () => 1],
  'Device#backwardOf': () => [{ path: 'part', pass: 'forward' }, () => 1],
  'Device#eachStep': () => [() => {}],
  'Device#trace': () => [() => {}],
  'Device#capture': () => [() => {}],
  'Device#profile': () => [() => {}],
  'Device#launch': (make) => [
    {
      ...{ kernel: ADD, bindings: [make.tensor(3).slice], immediates: immediates(f32(1)), workgroups: [3, 1, 1] },
      ...{ label: 'add', flops: 3, bytes: 24, matrices: false, layer: { path: 'part', pass: 'forward' } },
    },
  ],
  'Device#write': (make) => [make.tensor(4).slice, new Float32Array(4)],
  'Device#read': (make) => [make.tensor(4).slice],
  cast: (make) => [make.tensor(3), 'f16'],
  print: (make) => [make.tensor(3), 4],
  randomNormal: ({ device }) => [device, [2, 3], { mean: 0, std: 1, seed: 1, stream: 2 }],
  randomUniform: ({ device }) => [device, [2, 3], { low: 0, high: 1, seed: 1, stream: 2 }],
  keep: (make) => [make.tensor(3)],
  scope: (make) => {
    const x = make.tensor(3);
    return [() => relu(x)];
  },
  noGrad: (make) => [() => relu(make.tensor(3))],
  sliceBatch: (make) => [make.tensor(3, 2), 1, 2],
  'Tensor.empty': ({ device }) => [device, [2, 3], 'f32'],
  'Tensor.from': ({ device }) => [device, [1, 2, 3], [3], 'f32'],
  'Tensor#reshape': () => [[3, 2]],
  'Tensor#upload': () => [[1, 2, 3, 4, 5, 6]],
  'Tensor#item': none,
  gradcheck: (make) => [(x: Tensor) => mul(x, x), [make.tensor(1)], { eps: 0.01, tolerance: 0.01 }],
  backward: (make) => [[make.loss(), make.loss()], make.tensor(1)],
  detach: (make) => [make.tensor(3)],
  bceWithLogits: (make) => [make.tensor(...IMAGES), [1, 0]],
  mseLoss: (make) => [make.tensor(...IMAGES), [1, 0]],
  l1Loss: (make) => [...two(make), 2],
  ssim: two,
  gelu: (make) => [make.tensor(3), 'tanh'],
  leakyRelu: (make) => [make.tensor(3), 0.1],
  relu: one,
  sigmoid: one,
  silu: one,
  tanh: one,
  adaptiveAvgPool2d: (make) => [make.tensor(...IMAGES), [5, 7]],
  add: two,
  sub: two,
  mul: two,
  div: two,
  matmul: (make) => [make.tensor(2, 3, 4), make.tensor(4, 4)],
  avgPool2d: (make) => [make.tensor(...IMAGES), [2, 2], { ...poolOptions, countIncludePad: true }],
  maxPool2d: (make) => [make.tensor(...IMAGES), [2, 2], { ...poolOptions, dilation: [1, 1] }],
  batchNorm: (make) => [
    make.tensor(...IMAGES),
    {
      ...{ runningMean: make.tensor(4), runningVar: make.tensor(4), weight: make.tensor(4), bias: make.tensor(4) },
      ...{ training: true, momentum: 0.1, eps: 1e-5, activation: 'relu' },
    },
  ],
  instanceNorm: (make) => [
    make.tensor(...IMAGES),
    { eps: 1e-5, weight: make.tensor(4), bias: make.tensor(4), activation: 'none', residual: make.tensor(...IMAGES) },
  ],
  concat: (make) => [two(make), 1],
  concatBatch: two,
  conv2d: (make) => [
    ...[make.tensor(...IMAGES), make.tensor(3, 3, 2, 4), make.tensor(4)],
    { ...sliding, paddingMode: 'zeros', activation: 'none' },
  ],
  convTranspose2d: (make) => [
    ...[make.tensor(...IMAGES), make.tensor(3, 3, 2, 4), make.tensor(4)],
    { ...sliding, outputPadding: [0, 0] },
  ],
  linear: (make) => [make.tensor(2, 4), make.tensor(3, 4), make.tensor(3)],
  hottestMean: (make) => [make.tensor(2, 5), 0.5],
  max: (make) => [make.tensor(2, 3), { axes: [0, 1], keepdim: false }],
  mean: (make) => [make.tensor(2, 3), { axes: [0, 1], keepdim: false }],
  sum: (make) => [make.tensor(2, 3), { axes: [0, 1], keepdim: false }],
  pad: (make) => [
    make.tensor(2, 3),
    [
      [1, 0],
      [0, 1],
    ],
    'zero',
  ],
  reflectionPad2d: (make) => [make.tensor(...IMAGES), [1, 1, 1, 1]],
  scale: (make) => [make.tensor(3), 2],
  slice: (make) => [make.tensor(3, 4), 1, 1, 3],
  softmax: (make) => [make.tensor(3, 4), 1],
  split: (make) => [make.tensor(3, 4), [1, 2], 0],
  splitBatch: (make) => [make.tensor(3, 4), 1],
  normalInitialiser: ({ device }) => [device, { seed: 1, stream: 0 }],
  'new BatchNorm2d': (make) => [
    { device: make.device, channels: 4, eps: 1e-5, momentum: 0.1, activation: 'none' },
    make.initialiser(),
  ],
  'new Conv2d': (make) => [
    { ...conv2dOptions, ...sliding, paddingMode: 'zeros', activation: 'none' },
    make.initialiser(),
  ],
  'new ConvTranspose2d': (make) => [{ ...conv2dOptions, ...sliding, outputPadding: [0, 0] }, make.initialiser()],
  'new InstanceNorm2d': ({ device }) => [{ eps: 1e-5, activation: 'none', affine: { device, channels: 4 } }],
  'new Linear': (make) => [{ inFeatures: 4, outFeatures: 4, bias: true }, make.initialiser()],
  'new Sequential': (make) => [
    [
      ['first', new Rectifier(make)],
      ['second', new Rectifier(make)],
    ],
  ],
  'new Adam': (make) => [[make.tensor(3), make.tensor(2)], { ...adamOptions, scaler: undefined }],
  'new AdamW': (make) => [[make.tensor(3), make.tensor(2)], { ...adamOptions, weightDecay: 0.1, scaler: undefined }],
  'new SGD': (make) => [
    [make.tensor(3), make.tensor(2)],
    { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.1, scaler: undefined },
  ],
  'new LossScaler': ({ device }) => [device],
  'BatchNorm2d#forward': two,
  'Conv2d#forward': one,
  'ConvTranspose2d#forward': one,
  'InstanceNorm2d#forward': two,
  'Linear#forward': one,
  'Module#forward': one,
  'Sequential#forward': one,
  'Sequential#outputs': (make) => [...one(make), 1],
  'Module#namedParameters': () => ['outer.'],
  'Module#namedState': () => ['outer.'],
  'Module#train': () => [true],
  'Module#setRequiresGrad': () => [true],
  'Adam#loadState': () => [{ step: 3, moments: [{ expAvg: new Float32Array(3), expAvgSq: new Float32Array(3) }] }],
  'SGD#loadState': () => [{ velocities: [new Float32Array(3)] }],
  'LossScaler#loadState': () => [{ scale: 2, goodSteps: 1 }],
  decodeSafetensors: () => [
    encodeSafetensors(new Map([['w', { shape: [2], data: new Float32Array(2) }]])),
    'weights.safetensors',
  ],
  encodeSafetensors: () => [new Map([['w', { shape: [2], data: new Float32Array(2) }]]), { made: 'today' }],
};

/** A state of a module's names and shapes. */
function stateOf(module: unknown): Map<string, object> {
  if (!(module instanceof Module)) throw new Error('Only modules have a state.');
  return new Map(
    [...module.namedState()].map(([name, { shape, size }]) => [
      name,
      { shape: referenceShape(shape), data: new Float32Array(size) },
    ]),
  );
}

/** Arguments that a function takes; those of a method also from the class that has it first. */
export function argumentsOf(name: string): Arguments | undefined {
  const [owner = '', method] = name.split('#');
  if (method === 'loadStateDict') return (make) => [stateOf(SELVES[owner]?.(make)), 'weights.safetensors'];
  const inherited = ['Module', 'Adam'].map((owner) => ARGUMENTS[`${owner}#${method}`]);
  return ARGUMENTS[name] ?? (method === undefined ? undefined : inherited.find((found) => found !== undefined));
}

/** What a method is called on. */
export function selfOf(name: string): ((make: Maker) => unknown) | undefined {
  const [owner = '', method] = name.split('#');
  return method === undefined ? undefined : (SELVES[name] ?? SELVES[owner]);
}
