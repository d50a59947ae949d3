import type { Attribute, ElementType, OnnxGraph, OnnxNode, OnnxTensor, Port } from './proto.ts';
import { typeCode } from './proto.ts';

/** The name of what a node makes, of a constant or of an input. */
export type Value = string & { readonly __value: never };

/** A graph of ONNX nodes that grows: each node after those that make its inputs. */
export class GraphBuilder {
  private readonly nodes: OnnxNode[] = [];
  private readonly constants = new Map<string, OnnxTensor>();
  private readonly inputs: Port[] = [];
  private readonly outputs: Port[] = [];
  private readonly path: string[] = [];
  private readonly counts = new Map<string, number>();

  input(port: Port): Value {
    this.inputs.push(port);
    return port.name as Value;
  }

  /** Makes a value an output under the port's name. */
  output(value: Value, port: Port): void {
    this.outputs.push(port);
    this.nodes.push({
      ...{ name: port.name, type: 'Identity', inputs: [value], outputs: [port.name], attributes: {} },
    });
  }

  /** A node with one output. */
  node(type: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const name = this.nameFor(type);
    this.nodes.push({ name, type, inputs, outputs: [name], attributes });
    return name as Value;
  }

  /** The k largest values [N, k] of [N, count], in any order. */
  topK(x: Value, k: number): Value {
    const name = this.nameFor('TopK');
    const attributes = { axis: { int: 1 }, sorted: { int: 0 } };
    this.nodes.push({
      ...{ name, type: 'TopK', inputs: [x, this.ints([k])], outputs: [name, `${name}_indices`], attributes },
    });
    return name as Value;
  }

  /** Nodes that are made in `make` bear this name in front of their own, as in a tree of folders. */
  within<T>(name: string, make: () => T): T {
    this.path.push(name);
    try {
      return make();
    } finally {
      this.path.pop();
    }
  }

  /** A constant under a name of its own; asked for again, it is there once. */
  constant(name: string, make: () => OnnxTensor): Value {
    if (!this.constants.has(name)) this.constants.set(name, make());
    return name as Value;
  }

  /** A number as f64 [], or as f32. */
  number(value: number, type: 'f32' | 'f64' = 'f64'): Value {
    const data = () => (type === 'f32' ? Float32Array.of(value) : Float64Array.of(value));
    return this.constant(`${type}_${value}`, () => ({ shape: [], data: data() }));
  }

  /** A whole number as i64 []. */
  int(value: number): Value {
    return this.constant(`i64_${value}`, () => ({ shape: [], data: BigInt64Array.of(BigInt(value)) }));
  }

  /** Whole numbers as i64 [count]. */
  ints(values: readonly number[]): Value {
    const data = () => BigInt64Array.from(values, BigInt);
    return this.constant(`i64s_${values.join('_')}`, () => ({ shape: [values.length], data: data() }));
  }

  cast(x: Value, to: ElementType): Value {
    return this.node('Cast', [x], { to: { int: typeCode(to) } });
  }

  graph(name: string): OnnxGraph {
    const { nodes, constants, inputs, outputs } = this;
    return { name, nodes, constants, inputs, outputs };
  }

  private nameFor(type: string): string {
    const plain = [...this.path, type].join('/');
    const count = (this.counts.get(plain) ?? 0) + 1;
    this.counts.set(plain, count);
    return count === 1 ? plain : `${plain}_${count}`;
  }
}
