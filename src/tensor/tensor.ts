import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { BufferSlice, Layer } from '../gpu/launch.ts';
import { narrow, widen } from '../kernels/cast.ts';
import type { FloatDType } from '../kernels/source.ts';
import { register } from './scope.ts';
import { Storage } from './storage.ts';

export type DType = FloatDType | 'u32';

const BYTES: Record<DType, number> = { f32: 4, f16: 2, u32: 4 };

/** What made a tensor, or several at once, for the backward pass. */
export interface GradNode {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The part of a network that made them. */
  readonly layer: Layer | null;
  /**
   * Turns gradients of the outputs (null where nothing depends on one; never all) into gradients in the order of `inputs`:
   * null where none is needed or it was added to the input's `grad` directly.
   */
  backward(gradOutputs: readonly (Tensor | null)[]): readonly (Tensor | null)[];
}

/**
 * An n-dimensional array on a device, dense and row-major. Images are `[N, H, W, C]`.
 *
 * Tensors made inside a {@link scope} are freed at its end unless it returns them; others live until `dispose()`.
 */
export class Tensor {
  readonly size: number;
  /** Gradient of the last `backward` with respect to this leaf, if it asked for one. */
  grad: Tensor | null = null;
  /** A copy of this f32 leaf in f16, which its optimiser keeps up to date. */
  half: Tensor | null = null;
  requiresGrad = false;
  node: GradNode | null = null;
  private disposed = false;

  /** @param offset where the tensor begins in its storage, in bytes. */
  constructor(
    private memory: Storage,
    readonly shape: readonly number[],
    readonly dtype: DType = 'f32',
    private offset = 0,
  ) {
    this.size = shape.reduce((product, extent) => product * extent, 1);
    memory.hold();
    register(this);
  }

  /** A tensor whose contents are whatever was in the memory before. */
  static empty(device: Device, shape: readonly number[], dtype: DType = 'f32'): Tensor {
    const count = shape.reduce((product, extent) => product * extent, 1);
    if (!shape.every((extent) => Number.isInteger(extent) && extent > 0)) {
      throw new CyclopsError(`A tensor's extents must be positive integers; got [${shape.join(', ')}].`);
    }
    return new Tensor(new Storage(device, count * BYTES[dtype]), shape, dtype);
  }

  /** Uploads values in row-major order; for f16 they are rounded. */
  static from(device: Device, values: ArrayLike<number>, shape: readonly number[], dtype: DType = 'f32'): Tensor {
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

  /** How kernels find this tensor's numbers in memory. @throws CyclopsError for one of integers */
  get floatDType(): FloatDType {
    if (this.dtype !== 'u32') return this.dtype;
    throw new CyclopsError(`Expected a tensor of f32 or f16; got ${this}.`);
  }

  /** The tensor's memory, to be bound by a launch. */
  get slice(): BufferSlice {
    if (this.disposed) throw new Error(`A disposed tensor [${this.shape.join(', ')}] was used.`);
    return this.memory.slice(this.offset, this.bytes);
  }

  /** The same memory under another shape of the same size. */
  reshape(shape: readonly number[]): Tensor {
    const view = new Tensor(this.memory, shape, this.dtype, this.offset);
    if (view.size === this.size) return view;
    view.dispose();
    throw new CyclopsError(`Cannot view [${this.shape.join(', ')}] as [${shape.join(', ')}]: the sizes differ.`);
  }

  /** Replaces all values, in row-major order, and those of the copy in f16. */
  upload(values: ArrayLike<number>): void {
    if (values.length !== this.size) {
      throw new CyclopsError(
        `A tensor of shape [${this.shape.join(', ')}] holds ${this.size} values; got ${values.length}.`,
      );
    }
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

  /** Reads all values back, in row-major order, as they are after everything recorded so far. */
  async data(): Promise<Float32Array<ArrayBuffer>> {
    if (this.dtype === 'f16') {
      const wide = Tensor.empty(this.device, this.shape);
      widen(this.device, { x: this.slice, out: wide.slice, count: this.size });
      const values = wide.data();
      wide.dispose();
      return values;
    }
    const bytes = await this.device.read({ ...this.slice, size: this.bytes });
    return new Float32Array(bytes);
  }

  /** The value of a one-element tensor. */
  async item(): Promise<number> {
    if (this.size !== 1) throw new CyclopsError(`item() needs one element; the shape is [${this.shape.join(', ')}].`);
    return (await this.data())[0] ?? Number.NaN;
  }

  /** Moves this tensor into part of a shared storage (its contents are not copied); used to pack parameters. */
  moveTo(storage: Storage, offset: number): void {
    storage.hold();
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
}
