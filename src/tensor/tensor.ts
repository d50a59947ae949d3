import { shown } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { BufferSlice } from '../gpu/launch.ts';
import { narrow, widen } from '../kernels/cast.ts';
import type { FloatDType } from '../kernels/source.ts';
import { countOf } from './count.ts';
import { type GradNode, record } from './record.ts';
import { requireDevice } from './require-device.ts';
import { requireHalf } from './require-half.ts';
import { register } from './scope.ts';
import { Storage } from './storage.ts';

export type DType = FloatDType | 'u32';

const BYTES: Record<DType, number> = { f32: 4, f16: 2, u32: 4 };

/** What the values of a tensor are on the host. */
export interface HostArrays {
  f32: Float32Array<ArrayBuffer>;
  f16: Float32Array<ArrayBuffer>;
  u32: Uint32Array<ArrayBuffer>;
}

/** Turns bytes that were read back into values; f16 comes widened. */
const HOST_ARRAYS: { readonly [D in DType]: (bytes: ArrayBuffer) => HostArrays[D] } = {
  f32: (bytes) => new Float32Array(bytes),
  f16: (bytes) => new Float32Array(bytes),
  u32: (bytes) => new Uint32Array(bytes),
};

/**
 * An n-dimensional array on a device, dense and row-major. Images are `[N, H, W, C]`. A `Tensor` without more is one of floats, which
 * operations take; a `Tensor<'u32'>` holds integers, for kernels.
 *
 * Tensors made inside a {@link scope} are freed at its end unless it returns them; others live until `dispose()`.
 */
export class Tensor<D extends DType = FloatDType> {
  readonly shape: readonly number[];
  readonly size: number;
  /** Gradient of the last `backward` with respect to this leaf, if it asked for one. */
  grad: Tensor<D> | null = null;
  /** A copy of this f32 leaf in f16, which its optimiser keeps up to date. */
  half: Tensor | null = null;
  requiresGrad = false;
  node: GradNode<Tensor<D>> | null = null;
  private disposed = false;
  /** What its version was more, before it was moved, than that of its memory. */
  private versionShift = 0;

  /** @param offset where the tensor begins in its storage, in bytes. */
  constructor(
    private memory: Storage,
    shape: readonly number[],
    readonly dtype: D,
    private offset = 0,
  ) {
    // A copy: the caller's array may change.
    this.shape = [...shape];
    this.size = shape.reduce((product, extent) => product * extent, 1);
    memory.hold();
    register(this);
  }

  /**
   * A tensor whose contents are whatever was in the memory before; of f32 unless told otherwise.
   *
   * @throws CyclopsError unless all extents are positive integers and the dtype is known, and when the device cannot hold it; an UnsupportedError
   * for f16 where the device cannot store it
   */
  static empty(device: Device, shape: readonly number[], dtype?: FloatDType): Tensor;
  static empty<D extends DType>(device: Device, shape: readonly number[], dtype: D): Tensor<D>;
  static empty(device: Device, shape: readonly number[], dtype: DType = 'f32'): Tensor<DType> {
    if (typeof dtype !== 'string' || !Object.hasOwn(BYTES, dtype)) {
      throw new CyclopsError(`A tensor holds ${Object.keys(BYTES).join(', ')}; got the dtype ${shown(dtype)}.`);
    }
    const bytes = countOf(shape) * BYTES[dtype];
    requireDevice('A tensor', device);
    if (dtype === 'f16') requireHalf(device);
    return new Tensor(new Storage(device, bytes, shape), shape, dtype);
  }

  /**
   * Uploads values in row-major order; for f16 they are rounded.
   *
   * @throws CyclopsError as {@link empty}, when their number is not the shape's, and for u32 when one is no integer from 0 to 2^32 − 1
   */
  static from(device: Device, values: ArrayLike<number>, shape: readonly number[], dtype?: FloatDType): Tensor;
  static from<D extends DType>(
    device: Device,
    values: ArrayLike<number>,
    shape: readonly number[],
    dtype: D,
  ): Tensor<D>;
  static from(
    device: Device,
    values: ArrayLike<number>,
    shape: readonly number[],
    dtype: DType = 'f32',
  ): Tensor<DType> {
    requireValues(values, shape, dtype);
    const tensor = Tensor.empty(device, shape, dtype);
    tensor.upload(values);
    return tensor;
  }

  get device(): Device {
    return this.memory.device;
  }

  get bytes(): number {
    return this.size * BYTES[this.dtype];
  }

  /** Grows when the numbers are replaced. @internal */
  get version(): number {
    return this.memory.version + this.versionShift;
  }

  /** How kernels find this tensor's numbers in memory. @throws CyclopsError for one of integers */
  get floatDType(): FloatDType {
    const dtype: DType = this.dtype;
    if (dtype !== 'u32') return dtype;
    throw new CyclopsError(`Expected a tensor of f32 or f16; got ${this}.`);
  }

  /** The tensor's memory, to be bound by a launch. @throws CyclopsError when the tensor was disposed of */
  get slice(): BufferSlice {
    this.requireLive();
    return this.memory.slice(this.offset, this.bytes);
  }

  /** @throws CyclopsError when the tensor was disposed of: its memory may be another's by now */
  requireLive(): void {
    if (!this.disposed) return;
    throw new CyclopsError(
      `A disposed tensor [${this.shape.join(', ')}] was used. Dispose of tensors, or let their scope end, after their last use.`,
    );
  }

  /**
   * The same memory under another shape of the same size; gradients pass through.
   *
   * @throws CyclopsError when the sizes differ or an extent is no positive integer
   */
  reshape(shape: readonly number[]): Tensor<D> {
    this.requireLive();
    if (countOf(shape) !== this.size) {
      throw new CyclopsError(`Cannot view [${this.shape.join(', ')}] as ${shown(shape)}: the sizes differ.`);
    }
    const view = new Tensor(this.memory, shape, this.dtype, this.offset);
    return record<Tensor<D>>(view, [this], (gradOutput) => [gradOutput.reshape(this.shape)]);
  }

  /**
   * Replaces all values, in row-major order, and those of the copy in f16.
   *
   * @throws CyclopsError when their number is another, and for u32 when one is no integer from 0 to 2^32 − 1
   */
  upload(values: ArrayLike<number>): void {
    requireValues(values, this.shape, this.dtype);
    this.memory.version += 1;
    if (this.dtype === 'f16') {
      const wide = Tensor.from(this.device, values, this.shape);
      narrow(this.device, { x: wide.slice, out: this.slice, count: this.size });
      wide.dispose();
      return;
    }
    const data = this.dtype === 'f32' ? Float32Array.from(values) : Uint32Array.from(values);
    this.device.write(this.slice, data);
    if (this.half) narrow(this.device, { x: this.slice, out: this.half.slice, count: this.size });
  }

  /**
   * Reads all values back, in row-major order, as they are after everything recorded so far: floats as a Float32Array, integers as a
   * Uint32Array.
   *
   * @throws CyclopsError when the tensor was disposed of, and as `Device.read`
   */
  async data(): Promise<HostArrays[D]> {
    const bytes = await this.read();
    return HOST_ARRAYS[this.dtype](bytes);
  }

  /** The value of a one-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1) throw new CyclopsError(`item() needs one element; the shape is [${this.shape.join(', ')}].`);
    return (await this.data())[0] ?? Number.NaN;
  }

  /** Moves this tensor into part of a shared storage (its contents are not copied); used to pack parameters. */
  moveTo(storage: Storage, offset: number): void {
    storage.hold();
    this.versionShift = this.version - storage.version;
    this.memory.release();
    this.memory = storage;
    this.offset = offset;
  }

  /** Frees the memory, unless other tensors share it, and the gradient. Twice is harmless. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.node = null;
    this.grad?.dispose();
    this.half?.dispose();
    this.memory.release();
  }

  /** e.g. `Tensor f32 [1, 64, 64, 3] on llvmpipe`. */
  toString(): string {
    return `Tensor ${this.dtype} [${this.shape.join(', ')}] on ${this.device.info.name}`;
  }

  /** The bytes of all values, those of f16 widened to f32. */
  private async read(): Promise<ArrayBuffer> {
    if (this.dtype !== 'f16') return this.device.read({ ...this.slice, size: this.bytes });
    const wide = Tensor.empty(this.device, this.shape);
    widen(this.device, { x: this.slice, out: wide.slice, count: this.size });
    const bytes = wide.read();
    wide.dispose();
    return bytes;
  }
}

function requireValues(values: ArrayLike<number>, shape: readonly number[], dtype: DType): void {
  const count = countOf(shape);
  if (typeof values !== 'object' || values?.length !== count) {
    throw new CyclopsError(
      `A tensor of shape [${shape.join(', ')}] holds ${count} values; got ${values?.length ?? shown(values)}.`,
    );
  }
  if (ArrayBuffer.isView(values) && isNumeric(values) && (dtype !== 'u32' || values instanceof Uint32Array)) return;
  for (let i = 0; i < count; i++) {
    const value: unknown = values[i];
    if (typeof value === 'number' && (dtype !== 'u32' || value === value >>> 0)) continue;
    const expected = dtype === 'u32' ? 'integers from 0 to 2^32 − 1' : 'numbers';
    throw new CyclopsError(`A tensor of ${dtype} holds ${expected}; got ${shown(value)} at position ${i}.`);
  }
}

/** Whether elements are numbers, and not as long as `bigint`s. */
function isNumeric(values: object): boolean {
  return !(values instanceof BigInt64Array || values instanceof BigUint64Array);
}
