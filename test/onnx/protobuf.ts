/** Reads the parts of ONNX files that its operator tests use: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto names the fields. */

type Value = number | Uint8Array;
type Message = ReadonlyMap<number, Value[]>;

/** The fields of a message by number: varints and floats as numbers, all else as bytes. */
function fieldsOf(bytes: Uint8Array): Message {
  const fields = new Map<number, Value[]>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const [key, begin] = varint(bytes, at);
    at = begin;
    let value: Value;
    switch (key % 8) {
      case 0:
        [value, at] = varint(bytes, at);
        break;
      case 1:
        value = view.getFloat64(at, true);
        at += 8;
        break;
      case 2: {
        const [length, start] = varint(bytes, at);
        value = bytes.subarray(start, start + length);
        at = start + length;
        break;
      }
      case 5:
        value = view.getFloat32(at, true);
        at += 4;
        break;
      default:
        throw new Error(`no wire type ${key % 8}`);
    }
    const number = Math.floor(key / 8);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

/** A varint as a signed 64-bit integer, and where it ends. */
function varint(bytes: Uint8Array, from: number): [value: number, end: number] {
  let value = 0n;
  let at = from;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++]!;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return [Number(BigInt.asIntN(64, value)), at];
  }
}

const bytesOf = (message: Message, field: number) =>
  (message.get(field) ?? []).filter((value): value is Uint8Array => typeof value !== 'number');
const numberOf = (message: Message, field: number) =>
  (message.get(field) ?? []).find((value): value is number => typeof value === 'number') ?? 0;
const textsOf = (message: Message, field: number) =>
  bytesOf(message, field).map((bytes) => Buffer.from(bytes).toString());

/** A repeated integer, packed or not. */
function integersOf(message: Message, field: number): number[] {
  return (message.get(field) ?? []).flatMap((value) => {
    if (typeof value === 'number') return [value];
    const out: number[] = [];
    for (let at = 0; at < value.length; ) {
      const [integer, end] = varint(value, at);
      out.push(integer);
      at = end;
    }
    return out;
  });
}

/** A repeated float, packed or not. */
function floatsOf(message: Message, field: number): number[] {
  return (message.get(field) ?? []).flatMap((value) =>
    typeof value === 'number' ? [value] : [...new Float32Array(Uint8Array.from(value).buffer)],
  );
}

/** Names of TensorProto.DataType. */
const TYPES: Record<number, string> = {
  1: 'f32',
  2: 'u8',
  3: 'i8',
  6: 'i32',
  7: 'i64',
  9: 'bool',
  10: 'f16',
  11: 'f64',
};

export interface Values {
  readonly type: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface Node {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Attribute {
  readonly float: number;
  readonly integer: number;
  readonly text: string;
  readonly integers: readonly number[];
  readonly tensor: Values | null;
}

export interface Model {
  readonly opset: number;
  readonly nodes: readonly Node[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly constants: ReadonlyMap<string, Values>;
}

/** A TensorProto. */
export function readTensor(bytes: Uint8Array): Values & { name: string } {
  const fields = fieldsOf(bytes);
  const type = TYPES[numberOf(fields, 2)] ?? `type ${numberOf(fields, 2)}`;
  const [raw] = bytesOf(fields, 9);
  const [name = ''] = textsOf(fields, 8);
  const stored = { f32: () => floatsOf(fields, 4), i64: () => integersOf(fields, 7) }[type];
  const data = raw ? rawValues(type, raw) : (stored?.() ?? integersOf(fields, 5));
  return { name, type, shape: integersOf(fields, 1), data };
}

function rawValues(type: string, raw: Uint8Array): number[] {
  const { buffer } = Uint8Array.from(raw);
  switch (type) {
    case 'f32':
      return [...new Float32Array(buffer)];
    case 'f64':
      return [...new Float64Array(buffer)];
    case 'i32':
      return [...new Int32Array(buffer)];
    case 'i64':
      return Array.from(new BigInt64Array(buffer), Number);
    default:
      return [...new Uint8Array(buffer)];
  }
}

/** A ModelProto. */
export function readModel(bytes: Uint8Array): Model {
  const model = fieldsOf(bytes);
  const [graphBytes = new Uint8Array()] = bytesOf(model, 7);
  const graph = fieldsOf(graphBytes);
  const opsets = bytesOf(model, 8).map(fieldsOf);
  const constants = new Map(
    bytesOf(graph, 5)
      .map(readTensor)
      .map((tensor) => [tensor.name, tensor]),
  );
  const names = (field: number) => bytesOf(graph, field).flatMap((value) => textsOf(fieldsOf(value), 1));
  return {
    opset: Math.max(
      ...opsets.filter((opset) => (textsOf(opset, 1)[0] ?? '') === '').map((opset) => numberOf(opset, 2)),
      0,
    ),
    nodes: bytesOf(graph, 1).map(readNode),
    inputs: names(11).filter((name) => !constants.has(name)),
    outputs: names(12),
    constants,
  };
}

function readNode(bytes: Uint8Array): Node {
  const fields = fieldsOf(bytes);
  const attributes = bytesOf(fields, 5).map(fieldsOf);
  return {
    operator: textsOf(fields, 4)[0] ?? '',
    inputs: textsOf(fields, 1),
    outputs: textsOf(fields, 2),
    attributes: new Map(
      attributes.map((attribute) => {
        const [tensor] = bytesOf(attribute, 5);
        const value = {
          float: numberOf(attribute, 2),
          integer: numberOf(attribute, 3),
          text: textsOf(attribute, 4)[0] ?? '',
          integers: integersOf(attribute, 8),
          tensor: tensor ? readTensor(tensor) : null,
        };
        return [textsOf(attribute, 1)[0] ?? '', value] as const;
      }),
    ),
  };
}
