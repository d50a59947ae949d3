import { CyclopsError } from '../gpu/errors.ts';
import { f32 } from '../gpu/launch.ts';
import type { Variable } from '../gpu/variables.ts';
import { narrow } from '../kernels/cast.ts';
import { copy, fill } from '../kernels/elementwise.ts';
import * as kernels from '../kernels/optim/adam.ts';
import { adamMixed, findNonFinite } from '../kernels/optim/loss-scale.ts';
import { keep } from '../tensor/scope.ts';
import { requireF32, requireOperands } from '../tensor/shape.ts';
import { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { LossScaler } from './loss-scaler.ts';

export interface AdamOptions {
  lr: number;
  /** Decay rates of the first and the second moment. */
  betas: readonly [number, number];
  /** Added to the root of the bias-corrected second moment; default 1e-8. */
  eps?: number;
  /**
   * For mixed precision: gradients are those of losses times its scale, a step whose gradients overflowed is left out, and each
   * parameter has a copy in f16, `half`, for operations on f16 tensors.
   */
  scaler?: LossScaler | undefined;
}

/** What a checkpoint needs to continue: the number of steps taken, and the raw moments (without bias correction). */
export interface AdamState {
  step: number;
  /** In the order of the parameters, each in its parameter's layout on the device. */
  moments: { expAvg: Float32Array; expAvgSq: Float32Array }[];
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
 * Adam (Kingma and Ba, 2015) with PyTorch's conventions, without weight decay, one launch a step for all parameters, with a loss
 * scaler two.
 *
 * The constructor moves the parameters into one packed buffer and gives each a zero `grad` in another, so that a
 * parameter belongs to one optimiser until that is disposed of. Views of a parameter that were made before, by `reshape` or `detach`, stay
 * where it was and keep the old values.
 */
export class Adam {
  lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Where each parameter lies in {@link values}, in their order. */
  readonly slots: ParameterSlot[] = [];
  /** All parameters, packed. */
  readonly values: Tensor;
  private readonly gradients: Tensor;
  /** The `grad` that each parameter was given, a view of {@link gradients}. */
  private readonly given: Tensor[] = [];
  private readonly expAvg: Tensor;
  private readonly expAvgSq: Tensor;
  private readonly live: Tensor<'u32'>;
  private readonly variable: Variable;
  private readonly mixed: Mixed | null;
  /** With a loss scaler the device alone knows them. */
  private stepsTaken = 0;
  private disposed = false;

  /**
   * @throws CyclopsError without parameters, when one appears twice, belongs to another optimiser, is no leaf of f32 or lies on another
   * device, when all together exceed a buffer, and when an option is out of range
   */
  constructor(parameters: readonly Tensor[], { lr, betas, eps = 1e-8, scaler }: AdamOptions) {
    const [first] = parameters;
    if (!first || new Set(parameters).size !== parameters.length) {
      throw new CyclopsError(
        `Adam needs at least one parameter and each only once; got ${parameters.length}, of which ` +
          `${new Set(parameters).size} are different.`,
      );
    }
    requireOperands('Adam', ...parameters, ...(scaler ? [scaler.scale] : []));
    for (const parameter of parameters) requireParameter(parameter);
    requireOptions({ lr, betas, eps });
    const mixed = scaler && { scaler, place: scaler.addOptimiser() };
    const { device } = first;
    this.lr = lr;
    this.betas = betas;
    this.eps = eps;

    // A parameter's copy in f16 begins at as many elements, which are half as many bytes.
    const alignment = Math.max(16, device.limits.minStorageBufferOffsetAlignment) / (scaler ? 2 : 4);
    let end = 0;
    for (const parameter of parameters) {
      this.slots.push({ parameter, start: end });
      end += Math.ceil(parameter.size / alignment) * alignment;
    }
    const valueStorage = new Storage(device, 4 * end);
    const gradientStorage = new Storage(device, 4 * end);
    this.values = keep(new Tensor(valueStorage, [end], 'f32'));
    this.gradients = keep(new Tensor(gradientStorage, [end], 'f32'));
    this.expAvg = keep(Tensor.empty(device, [end]));
    this.expAvgSq = keep(Tensor.empty(device, [end]));
    for (const packed of [this.values, this.gradients, this.expAvg, this.expAvgSq])
      fill(device, { value: 0, out: packed.slice, count: end });
    this.live = keep(Tensor.empty(device, [Math.ceil(end / 32)], 'u32'));
    this.live.upload(this.liveBits(end));
    this.variable = device.variables.reserve(2);

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

  /** Bytes that the parameters take up, with what aligns them; so do their gradients and each of the two moments. */
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
    for (const [i, { parameter }] of this.slots.entries()) {
      if (parameter.grad === this.given[i] || this.disposed) continue;
      throw new CyclopsError(
        `The grad of a parameter [${parameter.shape.join(', ')}] was replaced, but Adam reads the one that it gave it. Use zeroGrad instead.`,
      );
    }
    const { values, variable, mixed } = this;
    const { device } = values;
    const buffers = {
      gradients: this.gradients.slice,
      live: this.live.slice,
      parameters: this.values.slice,
      expAvg: this.expAvg.slice,
      expAvgSq: this.expAvgSq.slice,
    };
    if (mixed) {
      const state = mixed.scaler.slice;
      device.eachStep(() => variable.set([f32(this.lr)]));
      const scaled = { ...buffers, state, outcome: mixed.place, count: values.size };
      findNonFinite(device, scaled);
      adamMixed(device, this, { ...scaled, learningRate: variable, halves: mixed.halves.slice });
      return;
    }
    device.eachStep(() => {
      this.stepsTaken += 1;
      variable.set(kernels.adamVariables(this, this.lr, this.stepsTaken));
    });
    kernels.adam(device, this, { ...buffers, variable, count: values.size });
  }

  /** Reads the state back as it is after everything recorded so far. */
  async state(): Promise<AdamState> {
    const { mixed } = this;
    const step = mixed ? await mixed.scaler.stepsOf(mixed.place) : this.stepsTaken;
    const [expAvg, expAvgSq] = await Promise.all([this.expAvg.data(), this.expAvgSq.data()]);
    const moments = this.slots.map(({ parameter: { size }, start }) => ({
      expAvg: expAvg.slice(start, start + size),
      expAvgSq: expAvgSq.slice(start, start + size),
    }));
    return { step, moments };
  }

  /**
   * Continues from a state of the same parameters.
   *
   * @throws CyclopsError when their number or sizes differ, and unless the steps are a whole number
   */
  loadState({ step, moments }: AdamState): void {
    if (!(Number.isSafeInteger(step) && step >= 0)) {
      throw new CyclopsError(`The steps that an optimiser has taken are a whole number from 0 on; got ${step}.`);
    }
    const expAvg = new Float32Array(this.values.size);
    const expAvgSq = new Float32Array(this.values.size);
    if (moments.length !== this.slots.length) {
      throw new CyclopsError(
        `The optimiser has ${this.slots.length} parameters, but the state holds moments of ${moments.length}. ` +
          'It belongs to another model; resume with the options of the run that wrote it.',
      );
    }
    for (const [i, { parameter, start }] of this.slots.entries()) {
      const moment = moments[i];
      if (moment?.expAvg.length !== parameter.size || moment.expAvgSq.length !== parameter.size) {
        throw new CyclopsError(
          `Parameter ${i + 1} of the optimiser has ${parameter.size} values [${parameter.shape.join(', ')}], but its moments ` +
            `have ${moment?.expAvg.length} and ${moment?.expAvgSq.length}. ` +
            'They belong to another model; resume with the options of the run that wrote them.',
        );
      }
      expAvg.set(moment.expAvg, start);
      expAvgSq.set(moment.expAvgSq, start);
    }
    this.expAvg.upload(expAvg);
    this.expAvgSq.upload(expAvgSq);
    this.stepsTaken = step;
    this.mixed?.scaler.setStepsOf(this.mixed.place, step);
  }

  /** Frees the moments, the gradients and the copies in f16. The parameters keep their values. Twice is harmless. */
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
    for (const packed of [this.values, this.gradients, this.expAvg, this.expAvgSq, this.live]) packed.dispose();
    this.mixed?.halves.dispose();
  }

  private liveBits(count: number): Uint32Array {
    const bits = new Uint32Array(Math.ceil(count / 32));
    for (const { parameter, start } of this.slots) {
      for (let i = start; i < start + parameter.size; i++) bits[i >> 5] = (bits[i >> 5] ?? 0) | (1 << (i & 31));
    }
    return bits;
  }
}

function requireParameter(parameter: Tensor): void {
  requireF32('A parameter of Adam', parameter);
  const shape = `[${parameter.shape.join(', ')}]`;
  if (parameter.node) {
    throw new CyclopsError(`Adam trains leaves, but a parameter ${shape} was computed from others. Give it those.`);
  }
  if (taken.has(parameter)) {
    throw new CyclopsError(
      `A parameter ${shape} belongs to another Adam already. Give each parameter to one, or dispose of the other first.`,
    );
  }
}

function requireOptions({ lr, betas, eps }: Required<Pick<AdamOptions, 'lr' | 'betas' | 'eps'>>): void {
  if (!(lr >= 0 && lr < Infinity)) throw new CyclopsError(`The lr of Adam must be 0 or more and finite; got ${lr}.`);
  if (betas.length !== 2) throw new CyclopsError(`The betas of Adam must be two numbers; got ${betas.length}.`);
  if (!betas.every((beta) => beta >= 0 && beta < 1)) {
    throw new CyclopsError(`The betas of Adam must be from 0 to less than 1; got ${betas.join(' and ')}.`);
  }
  if (!(eps >= 0 && eps < Infinity))
    throw new CyclopsError(`The eps of Adam must be 0 or more and finite; got ${eps}.`);
}
