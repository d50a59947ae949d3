import type { StoredTensor } from '../../data/files/safetensors.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { LEAKY_SLOPE } from '../../kernels/activation.ts';
import type { GraphBuilder, Value } from './graph.ts';

/** What a layer makes: f32 [N, channels, height, width]. */
export interface Volume {
  readonly value: Value;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** The weights of a model file by name; see {@link weight}. */
export interface Weights {
  /** The file, for messages. */
  readonly source: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

/** A network's layers by their names in the model file. */
export interface LayerNodes {
  readonly graph: GraphBuilder;
  readonly weights: Weights;
}

type ActivationName = 'relu' | 'leaky_relu' | 'tanh';

export interface ConvOptions {
  readonly outChannels: number;
  readonly kernelSize: number;
  readonly stride?: number;
  readonly padding: number;
  readonly reflect?: boolean;
  /** An instance norm follows, which takes any constant away. */
  readonly deadBias?: boolean;
}

/** The twin of `Conv2d`. @param name of the layer in the model file */
export function conv(
  { graph, weights }: LayerNodes,
  name: string,
  x: Volume,
  { outChannels, kernelSize, stride = 1, padding, reflect = false, deadBias = false }: ConvOptions,
): Volume {
  const shape = [outChannels, x.channels, kernelSize, kernelSize];
  const parameters = parametersOf({ graph, weights }, name, { shape, outChannels, deadBias });
  const pads = graph.ints([0, 0, padding, padding, 0, 0, padding, padding]);
  const padded = reflect ? graph.node('Pad', [x.value, pads], { mode: { text: 'reflect' } }) : x.value;
  const value = graph.node('Conv', [padded, ...parameters], {
    kernel_shape: { ints: [kernelSize, kernelSize] },
    strides: { ints: [stride, stride] },
    pads: { ints: Array.from({ length: 4 }, () => (reflect ? 0 : padding)) },
  });
  const along = (extent: number) => Math.floor((extent + 2 * padding - kernelSize) / stride) + 1;
  return { value, channels: outChannels, height: along(x.height), width: along(x.width) };
}

export interface ConvTransposeOptions {
  readonly outChannels: number;
  readonly kernelSize: number;
  /** Of rows and of columns, beyond a stride of 2 and a padding of 1. */
  readonly outputPadding: readonly [number, number];
  readonly deadBias?: boolean;
}

/** The twin of `ConvTranspose2d`, which doubles an extent. */
export function convTranspose(
  { graph, weights }: LayerNodes,
  name: string,
  x: Volume,
  { outChannels, kernelSize, outputPadding, deadBias = false }: ConvTransposeOptions,
): Volume {
  const shape = [x.channels, outChannels, kernelSize, kernelSize];
  const parameters = parametersOf({ graph, weights }, name, { shape, outChannels, deadBias });
  const value = graph.node('ConvTranspose', [x.value, ...parameters], {
    kernel_shape: { ints: [kernelSize, kernelSize] },
    strides: { ints: [2, 2] },
    pads: { ints: [1, 1, 1, 1] },
    output_padding: { ints: outputPadding },
  });
  const along = (extent: number, more: number) => 2 * (extent - 1) - 2 + kernelSize + more;
  const [height, width] = [along(x.height, outputPadding[0]), along(x.width, outputPadding[1])];
  return { value, channels: outChannels, height, width };
}

/** The twin of `InstanceNorm2d` without affine. */
export function instanceNorm({ graph }: LayerNodes, x: Volume): Volume {
  const filled = (value: number) =>
    graph.constant(`f32_${value}_for_${x.channels}_channels`, () => ({
      shape: [x.channels],
      data: new Float32Array(x.channels).fill(value),
    }));
  const value = graph.node('InstanceNormalization', [x.value, filled(1), filled(0)], { epsilon: { float: 1e-5 } });
  return { ...x, value };
}

const ACTIVATIONS = { relu: 'Relu', leaky_relu: 'LeakyRelu', tanh: 'Tanh' } as const;

export function activation({ graph }: LayerNodes, name: ActivationName, x: Volume): Volume {
  const attributes = name === 'leaky_relu' ? { alpha: { float: LEAKY_SLOPE } } : {};
  return { ...x, value: graph.node(ACTIVATIONS[name], [x.value], attributes) };
}

function parametersOf(
  nodes: LayerNodes,
  name: string,
  { shape, outChannels, deadBias }: { shape: readonly number[]; outChannels: number; deadBias: boolean },
): Value[] {
  const filters = weight(nodes, `${name}.weight`, shape);
  return deadBias ? [filters] : [filters, weight(nodes, `${name}.bias`, [outChannels])];
}

/** @throws CyclopsError unless the model file holds it, of this shape and finite */
function weight({ graph, weights: { source, tensors } }: LayerNodes, name: string, shape: readonly number[]): Value {
  const tensor = tensors.get(name);
  const problem = (came: string) =>
    new CyclopsError(
      `${source} is damaged: of tensor '${name}' finite numbers of the shape [${shape.join(', ')}] were expected, and ${came}. Write it ` +
        "again with 'cyclops calibrate'.",
    );
  if (!tensor) throw problem('it has none');
  if (tensor.shape.join() !== shape.join()) throw problem(`it has the shape [${tensor.shape.join(', ')}]`);
  const data = Float32Array.from(tensor.data);
  if (!data.every(Number.isFinite)) throw problem('some are not finite');
  return graph.constant(name, () => ({ shape, data }));
}
