import type { DeviceBuffer } from './buffer.ts';

/**
 * A launch is data: everything the device needs to run one kernel once, and everything a profiler needs to judge it.
 * Eager execution encodes the record at once; a capture keeps the list and replays it.
 */
export interface Launch {
  readonly kernel: Kernel;
  /** One slice for each letter of `kernel.access`, in binding order. */
  readonly bindings: readonly BufferSlice[];
  /** The kernel's `var<immediate>` block, at most 64 bytes and the whole of its buffer; see {@link immediates}. */
  readonly immediates: Uint32Array<ArrayBuffer>;
  readonly workgroups: readonly [number, number, number];
  /** What this launch is for, e.g. `conv2d.forward`. */
  readonly label: string;
  /** Floating-point operations the formula needs (a multiply-add is two). */
  readonly flops: number;
  /** Bytes the formula must move at least once, in and out. */
  readonly bytes: number;
  /** Whether its operations are products of subgroup matrices, which have a rate of their own. */
  readonly matrices?: boolean;
  /**
   * Whether all that it writes follows from what it reads, and not from what stood there: a step may then do without it where its results
   * stand somewhere already.
   */
  readonly repeatable?: boolean;
  /** The part of a network that it works for; the device notes it down when it takes the launch. */
  readonly layer?: Layer;
}

/** A part of a network in one of the two passes. */
export interface Layer {
  /** Names from the outermost part in, e.g. `G_A.model.10.conv_block.1`. */
  readonly path: string;
  readonly pass: 'forward' | 'backward';
}

/** A WGSL module with the entry point `main` and the values of its `override` constants. */
export interface Kernel {
  readonly name: string;
  readonly code: string;
  /** Where each line of `code` stands in the files it was put together from; absent when it comes from no file. */
  readonly lines?: readonly SourceLine[];
  /** One letter a binding of group 0: `r` = read-only storage, `w` = read-write storage. */
  readonly access: string;
  readonly constants: Readonly<Record<string, number>>;
}

/** A line of a file, counted from 1. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
}

/** A range of a device buffer. Offset in bytes, a multiple of `minStorageBufferOffsetAlignment`; size in bytes. */
export interface BufferSlice {
  readonly buffer: DeviceBuffer;
  readonly offset: number;
  readonly size: number;
}

/** e.g. `G_A.model.1 backward`; null for a launch that belongs to no layer. */
export function layerName({ layer }: Launch): string | null {
  return layer ? `${layer.path} ${layer.pass}` : null;
}

/** Launches encoded into one pass before it is submitted: enough to hide the cost of a submit, few enough to keep a CPU adapter fed. */
export const LAUNCHES_PER_SUBMIT = 64;

/** WebGPU's largest portable immediate block, in bytes. */
export const IMMEDIATE_BYTES = 64;

const scratch = new DataView(new ArrayBuffer(4));

/** The bits of a number as f32, to be passed through {@link immediates}. */
export function f32(value: number): number {
  scratch.setFloat32(0, value, true);
  return scratch.getUint32(0, true);
}

/** Packs integers (u32 or i32) and {@link f32} bits, in the order of the kernel's immediate struct. */
export function immediates(...words: number[]): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(words, (word) => word >>> 0);
}

/** Workgroups needed for `count` items at `perGroup` items each. */
export function ceilDiv(count: number, perGroup: number): number {
  return Math.ceil(count / perGroup);
}
