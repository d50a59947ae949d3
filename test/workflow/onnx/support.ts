import { InferenceSession, Tensor } from 'onnxruntime-node';

/** What a graph makes of one input, by the names of its outputs. */
export type Outputs = Record<string, { dims: readonly number[]; data: ArrayLike<number> }>;

/** Loads a graph into onnxruntime, on one thread. */
export async function openOnnx(
  bytes: Uint8Array,
): Promise<(data: Uint8Array | Float32Array, dims: readonly number[]) => Promise<Outputs>> {
  const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1 });
  return async (data, dims) => {
    const tensor = data instanceof Uint8Array ? new Tensor('uint8', data, dims) : new Tensor('float32', data, dims);
    const found = await session.run({ [session.inputNames[0] ?? '']: tensor });
    return Object.fromEntries(
      Object.entries(found).map(([name, { dims, data }]) => [name, { dims, data: numbers(data) }]),
    );
  };
}

function numbers(data: Tensor['data']): ArrayLike<number> {
  if (data instanceof Uint8Array || data instanceof Float32Array || data instanceof Float64Array) return data;
  throw new Error('An output is of a type that no test expects.');
}

/** The largest difference; infinite where one is no number or their counts differ. */
export function farthest(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN))).reduce(
    (most, d) => (d <= most ? most : Number.isNaN(d) ? Number.POSITIVE_INFINITY : d),
    0,
  );
}

/** The largest absolute value. */
export function largest(values: ArrayLike<number>): number {
  return farthest(values, new Float32Array(values.length));
}
