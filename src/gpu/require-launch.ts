/** What a device asks of launches and slices that it is given: whatever else reaches the driver may end all, with no word. */
import { NOT_NEGATIVE, requireFlag, requireList, requireNumber, requireOptions, shown } from './arguments.ts';
import { DeviceBuffer } from './buffer.ts';
import { CyclopsError } from './errors.ts';
import { type BufferSlice, IMMEDIATE_BYTES, type Kernel, type Launch, type Layer } from './launch.ts';

/** Kernels that were found to be whole. */
const whole = new WeakSet<Kernel>();

/** What a device allows. */
interface Allowed {
  readonly adapter: string;
  /** Workgroups along an axis. */
  readonly mostWorkgroups: number;
  /** Of the places where slices begin, in bytes. */
  readonly alignment: number;
}

/** @throws CyclopsError unless a launch is whole, binds what its kernel has, and needs no more workgroups than there may be */
export function requireLaunch(launch: Launch, { adapter, mostWorkgroups, alignment }: Allowed): void {
  requireOptions('launch', launch);
  const { kernel, bindings, immediates, label, workgroups, flops, bytes, matrices, repeatable, layer } = launch;
  requireKernel(kernel);
  if (typeof label !== 'string') throw new CyclopsError(`The label of a launch must be a text; got ${shown(label)}.`);
  requireNumber(label, 'flops', flops, NOT_NEGATIVE);
  requireNumber(label, 'bytes', bytes, NOT_NEGATIVE);
  requireFlag(label, 'matrices', matrices);
  requireFlag(label, 'repeatable', repeatable);
  if (layer !== undefined) requireLayer(label, layer);
  requireList(label, 'bindings', bindings);
  if (bindings.length !== kernel.access.length) {
    throw new CyclopsError(
      `${label} binds ${bindings.length} slices, but the kernel ${kernel.name} has ${kernel.access.length} bindings.`,
    );
  }
  for (const slice of bindings) requireSlice(label, slice, alignment, 4);
  if (!(immediates instanceof Uint32Array && immediates.buffer.byteLength <= IMMEDIATE_BYTES)) {
    throw new CyclopsError(
      `The immediates of ${label} must be a Uint32Array of at most ${IMMEDIATE_BYTES} bytes; got ${shown(immediates)}.`,
    );
  }
  const isWhole = (count: number | undefined) => Number.isInteger(count) && Number(count) >= 0;
  const [x, y, z] = Array.isArray(workgroups) ? workgroups : [];
  if (!isWhole(x) || !isWhole(y) || !isWhole(z) || workgroups.length !== 3) {
    throw new CyclopsError(`The workgroups of ${label} must be three whole numbers; got ${shown(workgroups)}.`);
  }
  if (workgroups.every((count) => count <= mostWorkgroups)) return;
  throw new CyclopsError(
    `${label} needs ${workgroups.join(' × ')} workgroups, but ${adapter} takes at most ${mostWorkgroups} along an axis. ` +
      'Use a smaller batch, image size or network.',
  );
}

/** @throws CyclopsError unless it is part of a device's buffer that begins at a multiple of so many bytes and has so many at least */
export function requireSlice(user: string, slice: BufferSlice, alignment: number, least = 0): void {
  const { buffer, offset, size } = slice ?? {};
  const fits =
    buffer instanceof DeviceBuffer &&
    Number.isInteger(offset) &&
    Number.isInteger(size) &&
    offset >= 0 &&
    offset % alignment === 0 &&
    size >= least &&
    offset + size <= buffer.size;
  if (fits) return;
  throw new CyclopsError(
    `${user} needs a slice of a buffer, in bytes within it and from a multiple of ${alignment} on; got ` +
      `${buffer instanceof DeviceBuffer ? `${shown(size)} bytes from ${shown(offset)} of ${buffer.size}` : shown(slice)}.`,
  );
}

/** @throws CyclopsError unless it says which part of a network in which pass */
export function requireLayer(user: string, layer: Layer): void {
  if (typeof layer?.path === 'string' && (layer.pass === 'forward' || layer.pass === 'backward')) return;
  throw new CyclopsError(`The layer of ${user} must have a path and a pass, forward or backward; got ${shown(layer)}.`);
}

function requireKernel(kernel: Kernel): void {
  if (whole.has(kernel)) return;
  requireOptions('kernel', kernel);
  const { name, code, access, constants, lines } = kernel;
  for (const [part, text] of Object.entries({ name, code, access })) {
    if (typeof text !== 'string') throw new CyclopsError(`The ${part} of a kernel must be a text; got ${shown(text)}.`);
  }
  if (!/^[rw]*$/.test(access)) {
    throw new CyclopsError(`The access of the kernel ${name} has r or w for each binding; got ${shown(access)}.`);
  }
  requireOptions(`constants of the kernel ${name}`, constants);
  for (const [constant, value] of Object.entries(constants)) {
    if (typeof value === 'number' && Number.isFinite(value)) continue;
    throw new CyclopsError(`The constant ${constant} of the kernel ${name} must be a number; got ${shown(value)}.`);
  }
  if (lines !== undefined) requireList(`kernel ${name}`, 'lines', lines);
  whole.add(kernel);
}
