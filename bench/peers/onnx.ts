/** Writes the networks as ONNX models. */
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import {
  type Convolution,
  type ForwardProblem,
  type Layer,
  LEAKY_SLOPE,
  NORM_EPS,
  type Parameter,
} from './problems.ts';

const schema = protobuf.loadSync(fileURLToPath(new URL('./onnx.proto', import.meta.url)));
const Model = schema.lookupType('onnx.ModelProto');

const IR_VERSION = 8;
const OPSET = 17;
const FLOAT = 1;
const INT64 = 7;
// AttributeProto.AttributeType
const ATTRIBUTE = { f: 1, i: 2, s: 3, ints: 7 } as const;

type Attribute = { name: string; type: number } & (
  | { f: number }
  | { i: number }
  | { s: Uint8Array }
  | { ints: readonly number[] }
);

const float = (name: string, f: number): Attribute => ({ name, type: ATTRIBUTE.f, f });
const ints = (name: string, values: readonly number[]): Attribute => ({ name, type: ATTRIBUTE.ints, ints: values });
const text = (name: string, s: string): Attribute => ({ name, type: ATTRIBUTE.s, s: new TextEncoder().encode(s) });

interface Node {
  name: string;
  opType: string;
  input: readonly string[];
  output: readonly string[];
  attribute: readonly Attribute[];
}

interface Constant {
  name: string;
  dims: readonly number[];
  dataType: number;
  rawData: Uint8Array;
}

const bytes = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** A square image [1, channels, size, size]. */
export interface ImageShape {
  channels: number;
  size: number;
}

type Value = ImageShape & { name: string };

interface Operation {
  /** What of the output's shape is other than the input's. */
  shape?: Partial<ImageShape>;
  /** The names of further inputs. */
  others?: readonly string[];
  attribute?: readonly Attribute[];
}

/** A graph under construction: its nodes, and the constants that they read. */
class Graph {
  private readonly nodes: Node[] = [];
  private readonly constants = new Map<string, Constant>();

  constructor(private readonly input: ImageShape) {}

  /** The graph's input. */
  get x(): Value {
    return { ...this.input, name: 'x' };
  }

  /** Appends an operation whose first input and whose output are images. */
  apply(opType: string, x: Value, { shape = {}, others = [], attribute = [] }: Operation = {}): Value {
    const name = `${opType}_${this.nodes.length}`;
    this.nodes.push({ name, opType, input: [x.name, ...others], output: [name], attribute });
    return { ...x, ...shape, name };
  }

  /** The name of a constant of floats; one of the same name is the same. */
  floats(name: string, dims: readonly number[], data: Float32Array): string {
    return this.constant({ name, dims, dataType: FLOAT, rawData: bytes(data) });
  }

  /** Likewise of whole numbers. */
  integers(name: string, values: readonly number[]): string {
    const rawData = bytes(BigInt64Array.from(values, BigInt));
    return this.constant({ name, dims: [values.length], dataType: INT64, rawData });
  }

  /** The model `x` → `y`, where `y` is another name for `result`. */
  model(result: Value): Uint8Array {
    const rename = (name: string) => (name === result.name ? 'y' : name);
    const image = (name: string, { channels, size }: ImageShape) => ({
      name,
      type: {
        tensorType: { elemType: FLOAT, shape: { dim: [1, channels, size, size].map((dimValue) => ({ dimValue })) } },
      },
    });
    const graph = {
      name: 'peers',
      node: this.nodes.map((node) => ({ ...node, output: node.output.map(rename) })),
      initializer: [...this.constants.values()],
      input: [image('x', this.input)],
      output: [image('y', result)],
    };
    const opsetImport = [{ domain: '', version: OPSET }];
    return Model.encode(Model.fromObject({ irVersion: IR_VERSION, opsetImport, graph })).finish();
  }

  private constant(constant: Constant): string {
    this.constants.set(constant.name, constant);
    return constant.name;
  }
}

type Weights = ReadonlyMap<string, Parameter>;

function appendLayers(graph: Graph, layers: readonly Layer[], weights: Weights, x: Value): Value {
  let y = x;
  for (const layer of layers) {
    switch (layer.kind) {
      case 'conv':
      case 'convTranspose':
        y = appendConvolution(graph, layer, weights, y);
        break;
      case 'norm':
        y = appendNorm(graph, y);
        break;
      case 'residual':
        y = graph.apply('Add', y, { others: [appendLayers(graph, layer.layers, weights, y).name] });
        break;
      case 'relu':
        y = graph.apply('Relu', y);
        break;
      case 'leakyRelu':
        y = graph.apply('LeakyRelu', y, { attribute: [float('alpha', LEAKY_SLOPE)] });
        break;
      case 'tanh':
        y = graph.apply('Tanh', y);
        break;
    }
  }
  return y;
}

function appendConvolution(graph: Graph, layer: Convolution, weights: Weights, x: Value): Value {
  const { kind, name, kernel, stride, padding, outputPadding, reflect, outChannels } = layer;
  const parameters = [`${name}.weight`, `${name}.bias`].flatMap((key) => {
    const parameter = weights.get(key);
    return parameter ? graph.floats(key, parameter.shape, parameter.data) : [];
  });
  const attributes = [ints('kernel_shape', [kernel, kernel]), ints('strides', [stride, stride])];
  const pads = ints('pads', new Array<number>(4).fill(reflect ? 0 : padding));
  if (kind === 'convTranspose') {
    const size = (x.size - 1) * stride - 2 * padding + kernel + outputPadding;
    const extra = ints('output_padding', [outputPadding, outputPadding]);
    const shape = { channels: outChannels, size };
    return graph.apply('ConvTranspose', x, { shape, others: parameters, attribute: [...attributes, pads, extra] });
  }
  const size = Math.floor((x.size + 2 * padding - kernel) / stride) + 1;
  const padded = reflect ? appendReflectionPad(graph, padding, x) : x;
  const shape = { channels: outChannels, size };
  return graph.apply('Conv', padded, { shape, others: parameters, attribute: [...attributes, pads] });
}

function appendReflectionPad(graph: Graph, padding: number, x: Value): Value {
  const border = [0, 0, padding, padding];
  const pads = graph.integers(`pads_${padding}`, [...border, ...border]);
  return graph.apply('Pad', x, {
    shape: { size: x.size + 2 * padding },
    others: [pads],
    attribute: [text('mode', 'reflect')],
  });
}

/** ONNX's instance norm is affine: factors 1, summands 0. */
function appendNorm(graph: Graph, x: Value): Value {
  const { channels } = x;
  const ones = graph.floats(`ones_${channels}`, [channels], new Float32Array(channels).fill(1));
  const zeros = graph.floats(`zeros_${channels}`, [channels], new Float32Array(channels));
  return graph.apply('InstanceNormalization', x, { others: [ones, zeros], attribute: [float('epsilon', NORM_EPS)] });
}

/** A serialised model `x` [1,C,H,W] → `y` [1,C',H',W'], and the shape of `y`. */
export interface ImageModel {
  model: Uint8Array;
  output: ImageShape;
}

/** A column's network. */
export function networkModel({ layers, size, channels }: ForwardProblem, weights: Weights): ImageModel {
  const graph = new Graph({ size, channels });
  const y = appendLayers(graph, layers, weights, graph.x);
  return { model: graph.model(y), output: y };
}

/** Copies an image. */
export function copyModel(shape: ImageShape): ImageModel {
  const graph = new Graph(shape);
  return { model: graph.model(graph.apply('Identity', graph.x)), output: shape };
}

/** Cuts out the first value of an image. */
export function firstValueModel(shape: ImageShape): ImageModel {
  const graph = new Graph(shape);
  const corner = [graph.integers('starts', [0, 0, 0, 0]), graph.integers('ends', [1, 1, 1, 1])];
  const y = graph.apply('Slice', graph.x, { shape: { channels: 1, size: 1 }, others: corner });
  return { model: graph.model(y), output: y };
}
