/**
 * ONNX models as protocol buffers: the messages that this program writes, with their fields' numbers.
 *
 * Source: onnx.proto of ONNX 1.12 (IR 8).
 */
import { PbfWriter } from 'pbf';

/** Types of elements by their numbers in `TensorProto.DataType`. */
const TYPES = { f32: 1, u8: 2, i64: 7, bool: 9, f64: 11 } as const;

export type ElementType = keyof typeof TYPES;

/** A constant of a graph. */
export interface OnnxTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array;
}

/** An attribute of a node: a whole number, a list of such, a number that is stored as f32, or a text. */
export type Attribute = { int: number } | { ints: readonly number[] } | { float: number } | { text: string };

export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of a graph. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  /** Extents, or names of those that may be any. */
  readonly shape: readonly (number | string)[];
  readonly doc: string;
}

export interface OnnxGraph {
  readonly name: string;
  /** Each after those that make its inputs. */
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
}

export interface OnnxModel {
  readonly version: string;
  readonly doc: string;
  readonly graph: OnnxGraph;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The version of the operators, that of 2022, and of the format that came with it. */
export const OPSET = 17;
const IR_VERSION = 8;
const PRODUCER = 'cyclops';

/** The bytes of a model file. */
export function encodeOnnx({ version, doc, graph, metadata }: OnnxModel): Uint8Array {
  const pbf = new PbfWriter();
  writeProducer(pbf);
  pbf.writeStringField(3, version);
  pbf.writeStringField(6, doc);
  pbf.writeMessage(7, writeGraph, graph);
  pbf.writeMessage(8, (opset: number, to) => to.writeVarintField(2, opset), OPSET);
  for (const entry of Object.entries(metadata)) pbf.writeMessage(14, writeEntry, entry);
  return pbf.finish();
}

/** What every model file of this program begins with, whatever its version. */
export function producerBytes(): Uint8Array {
  const pbf = new PbfWriter();
  writeProducer(pbf);
  return pbf.finish();
}

function writeProducer(pbf: PbfWriter): void {
  pbf.writeVarintField(1, IR_VERSION);
  pbf.writeStringField(2, PRODUCER);
}

function writeEntry([key, value]: readonly [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, value);
}

function writeGraph({ name, nodes, constants, inputs, outputs }: OnnxGraph, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, name);
  for (const entry of constants) pbf.writeMessage(5, writeTensor, entry);
  for (const port of inputs) pbf.writeMessage(11, writePort, port);
  for (const port of outputs) pbf.writeMessage(12, writePort, port);
}

function writeNode({ name, type, inputs, outputs, attributes }: OnnxNode, pbf: PbfWriter): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(3, name);
  pbf.writeStringField(4, type);
  for (const entry of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, entry);
}

function writeAttribute([name, value]: readonly [string, Attribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if ('float' in value) pbf.writeFloatField(2, value.float);
  else if ('int' in value) pbf.writeVarintField(3, value.int);
  else if ('text' in value) pbf.writeStringField(4, value.text);
  else for (const int of value.ints) pbf.writeVarintField(8, int);
  pbf.writeVarintField(20, 'float' in value ? 1 : 'int' in value ? 2 : 'text' in value ? 3 : 7);
}

function writeTensor([name, { shape, data }]: readonly [string, OnnxTensor], pbf: PbfWriter): void {
  for (const extent of shape) pbf.writeVarintField(1, extent);
  pbf.writeVarintField(2, TYPES[data instanceof Float32Array ? 'f32' : data instanceof Float64Array ? 'f64' : 'i64']);
  pbf.writeStringField(8, name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writePort({ name, type, shape, doc }: Port, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, writeType, { type, shape });
  pbf.writeStringField(3, doc);
}

function writeType(port: Pick<Port, 'type' | 'shape'>, pbf: PbfWriter): void {
  pbf.writeMessage(
    1,
    ({ type, shape }, tensor) => {
      tensor.writeVarintField(1, TYPES[type]);
      tensor.writeMessage(2, writeShape, shape);
    },
    port,
  );
}

function writeShape(shape: Port['shape'], pbf: PbfWriter): void {
  for (const extent of shape) {
    pbf.writeMessage(
      1,
      (of: number | string, dimension) =>
        typeof of === 'number' ? dimension.writeVarintField(1, of) : dimension.writeStringField(2, of),
      extent,
    );
  }
}

/** The number of an element type, for a node that casts. */
export function typeCode(type: ElementType): number {
  return TYPES[type];
}
