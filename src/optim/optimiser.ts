import { NOT_NEGATIVE, requireList, requireNumber, shown, WORD } from '../gpu/arguments.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { f32 } from '../gpu/launch.ts';
import type { Variable } from '../gpu/variables.ts';
import { narrow } from '../kernels/cast.ts';
import { copy, fill } from '../kernels/elementwise.ts';
import { findNonFinite } from '../kernels/optim/loss-scale.ts';
import type { PackedBuffers, ScaledBuffers } from '../kernels/optim/packed.ts';
import { keep } from '../tensor/scope.ts';
import { requireF32, requireOperands } from '../tensor/shape.ts';
import { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';
import { LossScaler } from './loss-scaler.ts';

export interface OptimiserOptions {
  lr: number;
  /**
   * For mixed precision: gradients are those of losses times its scale, a step whose gradients overflowed is left out, and each
   * parameter has a copy in f16, `half`, for operations on f16 tensors.
   */
  scaler?: LossScaler | undefined;
}

/** Where a parameter lies in the packed buffers, in elements. */
export interface ParameterSlot {
  readonly parameter: Tensor;
  readonly start: number;
}

/** Parameters that belong to an optimiser. */
const taken = new WeakSet<Tensor>();

/** What mixed precision adds: a loss scaler, this optimiser's place in its state, and all parameters in f16. */
interface Mixed {
  scaler: LossScaler;
  /** First word in the scaler's state. */
  place: number;
  halves: Tensor;
}

/**
 * What the optimisers share: parameters packed into one buffer, so that a step is one launch for all of them, with a loss scaler two.
 *
 * The constructor moves the parameters into the buffer and gives each a zero `grad` in another, so that a parameter belongs to one optimiser
 * until that is disposed of. Views of a parameter that were made before, by `reshape` or `detach`, stay where it was and keep the old values.
 */
export abstract class Optimiser {
  /** Where each parameter lies in {@link values}, in their order. */
  readonly slots: ParameterSlot[] = [];
  /** All parameters, packed. */
  readonly values: Tensor;
  private readonly gradients: Tensor;
  /** The `grad` that each parameter was given, a view of {@link gradients}. */
  private readonly given: Tensor[] = [];
  private readonly live: Tensor<'u32'>;
  /**
   * Packed tensors of what it remembers of each parameter, such as moments, at first 0.
   *
   * @internal
   */
  protected readonly memory: readonly Tensor[];
  /**
   * The learning rate, or what follows from it.
   *
   * @internal
   */
  protected readonly variable: Variable;
  private readonly mixed: Mixed | null;
  /** Of the parameters. */
  private readonly storage: Storage;
  /** With a loss scaler the device alone knows them. */
  private stepsTaken = 0;
  private disposed = false;
  private rate: number;

  /**
   * @param name of the class, for messages. @param memories numbers that it remembers of each parameter. @param words of the variable
   * @throws CyclopsError without parameters, when one appears twice, belongs to another optimiser, is no leaf of f32 or lies on another
   * device, when all together exceed a buffer, and unless the learning rate is 0 or more and finite
   */
  protected constructor(
    private readonly name: string,
    parameters: readonly Tensor[],
    { lr, scaler }: OptimiserOptions,
    { memories, words }: { memories: number; words: number },
  ) {
    requireList(name, 'parameters', parameters);
    const [first] = parameters;
    if (!first || new Set(parameters).size !== parameters.length) {
      throw new CyclopsError(
        `${name} needs at least one parameter and each only once; got ${parameters.length}, of which ` +
          `${new Set(parameters).size} are different.`,
      );
    }
    if (scaler !== undefined && !(scaler instanceof LossScaler)) {
      throw new CyclopsError(`The scaler of ${name} must be a LossScaler; got ${shown(scaler)}.`);
    }
    requireOperands(name, ...parameters, ...(scaler ? [scaler.scale] : []));
    for (const parameter of parameters) requireParameter(name, parameter);
    requireApart(name, parameters);
    requireNumber(name, 'lr', lr, NOT_NEGATIVE);
    const mixed = scaler && { scaler, place: scaler.addOptimiser() };
    const { device } = first;
    this.rate = lr;

    // A parameter's copy in f16 begins at as many elements, which are half as many bytes.
    const alignment = Math.max(16, device.limits.minStorageBufferOffsetAlignment) / (scaler ? 2 : 4);
    let end = 0;
    for (const parameter of parameters) {
      this.slots.push({ parameter, start: end });
      end += Math.ceil(parameter.size / alignment) * alignment;
    }
    const valueStorage = new Storage(device, 4 * end);
    this.storage = valueStorage;
    const gradientStorage = new Storage(device, 4 * end);
    this.values = keep(new Tensor(valueStorage, [end], 'f32'));
    this.gradients = keep(new Tensor(gradientStorage, [end], 'f32'));
    this.memory = Array.from({ length: memories }, () => keep(Tensor.empty(device, [end])));
    for (const packed of [this.values, this.gradients, ...this.memory])
      fill(device, { value: 0, out: packed.slice, count: end });
    this.live = keep(Tensor.empty(device, [Math.ceil(end / 32)], 'u32'));
    this.live.upload(this.liveBits(end));
    this.variable = device.variables.reserve(words);

    const halfStorage = scaler && new Storage(device, 2 * end);
    this.mixed = mixed && halfStorage ? { ...mixed, halves: keep(new Tensor(halfStorage, [end], 'f16')) } : null;

    for (const { parameter, start } of this.slots) {
      copy(device, { x: parameter.slice, out: this.values.slice, count: parameter.size, outStart: start });
      parameter.moveTo(valueStorage, 4 * start);
      parameter.grad?.dispose();
      parameter.grad = keep(new Tensor(gradientStorage, parameter.shape, 'f32', 4 * start));
      this.given.push(parameter.grad);
      if (halfStorage) parameter.half = keep(new Tensor(halfStorage, parameter.shape, 'f16', 2 * start));
    }
    if (this.mixed) narrow(device, { x: this.values.slice, out: this.mixed.halves.slice, count: end });
    for (const parameter of parameters) taken.add(parameter);
  }

  /** The learning rate, also of captured steps from then on. Setting it throws a CyclopsError unless it is 0 or more and finite. */
  get lr(): number {
    return this.rate;
  }

  set lr(lr: number) {
    requireNumber(this.name, 'lr', lr, NOT_NEGATIVE);
    this.rate = lr;
  }

  /** Bytes that the parameters take up, with what aligns them; so do their gradients and each number that is remembered of them. */
  get packedBytes(): number {
    return this.values.bytes;
  }

  /** Bytes of the parameters' copies in f16. */
  get halfBytes(): number {
    return this.mixed?.halves.bytes ?? 0;
  }

  /** Sets every parameter's `grad` to zero, in one launch. Needed before each backward pass: gradients add up. */
  zeroGrad(): void {
    const { device, slice, size } = this.gradients;
    fill(device, { value: 0, out: slice, count: size });
  }

  /**
   * One step along the gradients that the parameters hold now.
   *
   * @throws CyclopsError when a parameter's `grad` is no longer the one that this optimiser gave it, and after `dispose()`
   */
  step(): void {
    if (this.disposed) throw new CyclopsError(`${this.name} was disposed of and cannot step. Make another.`);
    for (const [i, { parameter }] of this.slots.entries()) {
      if (parameter.grad === this.given[i]) continue;
      throw new CyclopsError(
        `The grad of a parameter [${parameter.shape.join(', ')}] was replaced, but ${this.name} reads the one that it gave it. ` +
          'Use zeroGrad instead.',
      );
    }
    const { values, variable, mixed } = this;
    const { device } = values;
    this.storage.version += 1;
    const packed = {
      gradients: this.gradients.slice,
      live: this.live.slice,
      parameters: values.slice,
      count: values.size,
    };
    if (mixed) {
      const scaled = { state: mixed.scaler.slice, outcome: mixed.place, halves: mixed.halves.slice };
      device.eachStep(() => variable.set([f32(this.lr)]));
      findNonFinite(device, packed, scaled);
      this.move(device, packed, scaled);
      return;
    }
    device.eachStep(() => {
      this.stepsTaken += 1;
      variable.set(this.variableOf(this.stepsTaken));
    });
    this.move(device, packed, null);
  }

  /** Frees what it remembers, the gradients and the copies in f16. The parameters keep their values. Twice is harmless. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.variable.release();
    for (const { parameter } of this.slots) {
      taken.delete(parameter);
      parameter.grad?.dispose();
      parameter.grad = null;
      parameter.half?.dispose();
      parameter.half = null;
    }
    for (const packed of [this.values, this.gradients, ...this.memory, this.live]) packed.dispose();
    this.mixed?.halves.dispose();
  }

  /**
   * The variable's words in a step, counted from 1, without a loss scaler.
   *
   * @internal
   */
  protected abstract variableOf(step: number): number[];

  /**
   * Launches a step.
   *
   * @param scaled null without a loss scaler
   * @internal
   */
  protected abstract move(device: Device, packed: PackedBuffers, scaled: ScaledBuffers | null): void;

  /** Steps taken so far. */
  protected async steps(): Promise<number> {
    const { mixed } = this;
    return mixed ? mixed.scaler.stepsOf(mixed.place) : this.stepsTaken;
  }

  protected setSteps(step: number): void {
    this.stepsTaken = step;
    this.mixed?.scaler.setStepsOf(this.mixed.place, step);
  }

  /** What it remembers of each parameter, in their order. @param memory one of {@link memory} */
  protected async remembered(memory: Tensor): Promise<Float32Array[]> {
    const values = await memory.data();
    return this.slots.map(({ parameter: { size }, start }) => values.slice(start, start + size));
  }

  /** Replaces what it remembers. @param of one array a parameter, of its size */
  protected remember(memory: Tensor, of: readonly Float32Array[]): void {
    const packed = new Float32Array(this.values.size);
    this.slots.forEach(({ start }, i) => {
      packed.set(of[i] ?? [], start);
    });
    memory.upload(packed);
  }

  private liveBits(count: number): Uint32Array {
    const bits = new Uint32Array(Math.ceil(count / 32));
    for (const { parameter, start } of this.slots) {
      for (let i = start; i < start + parameter.size; i++) bits[i >> 5] = (bits[i >> 5] ?? 0) | (1 << (i & 31));
    }
    return bits;
  }
}

/** @throws CyclopsError unless the steps that an optimiser has taken are a whole number below 2^32 */
export function requireSteps(step: number): void {
  requireNumber('an optimiser', 'steps', step, WORD);
}

/** @throws CyclopsError when two parameters are views of one memory, which would become two */
function requireApart(name: string, parameters: readonly Tensor[]): void {
  const places = new Map<unknown, { start: number; end: number }[]>();
  for (const { slice, bytes, shape } of parameters) {
    const others = places.get(slice.buffer) ?? [];
    const [start, end] = [slice.offset, slice.offset + bytes];
    if (others.some((other) => start < other.end && other.start < end))
      throw new CyclopsError(
        `${name} got a parameter [${shape.join(', ')}] that is a view of another one's memory. Give it one of them.`,
      );
    places.set(slice.buffer, [...others, { start, end }]);
  }
}

function requireParameter(name: string, parameter: Tensor): void {
  requireF32(`A parameter of ${name}`, parameter);
  const shape = `[${parameter.shape.join(', ')}]`;
  if (parameter.node) {
    throw new CyclopsError(`${name} trains leaves, but a parameter ${shape} was computed from others. Give it those.`);
  }
  if (taken.has(parameter)) {
    throw new CyclopsError(
      `A parameter ${shape} belongs to another optimiser already. Give each parameter to one, or dispose of the other first.`,
    );
  }
}
