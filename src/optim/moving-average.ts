import { CyclopsError } from '../gpu/errors.ts';
import { f32 } from '../gpu/launch.ts';
import type { Variable } from '../gpu/variables.ts';
import { copy } from '../kernels/elementwise.ts';
import { movingAverage } from '../kernels/optim/moving-average.ts';
import { keep } from '../tensor/scope.ts';
import { Storage } from '../tensor/storage.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { Optimiser, ParameterSlot } from './optimiser.ts';

/**
 * An exponential moving average of the parameters of an optimiser, in f32, one launch a step for all of them:
 *
 *   average_t = Σ_s decay^(t − s) · w_s / Σ_s decay^(t − s), s from 1 to t
 *
 * Dividing by the sum of the weights, as Adam does with its moments, keeps the first weights out of it, which a short
 * training would not forget otherwise.
 *
 * Source: Yazıcı et al., "The Unusual Effectiveness of Averaging in GAN Training", 2019.
 */
export class MovingAverage {
  /** Updates so far. */
  step = 0;
  /** The average of each parameter; before the first update the parameter as it was. */
  readonly averages: ReadonlyMap<Tensor, Tensor>;
  private readonly average: Tensor;
  private readonly variable: Variable;

  /** @param decay from 0 (the last parameters alone) to less than 1 @throws CyclopsError when it is not */
  constructor(
    private readonly optimiser: Optimiser,
    private readonly decay: number,
  ) {
    if (!(decay >= 0 && decay < 1)) {
      throw new CyclopsError(`The decay of a moving average must be from 0 to less than 1; got ${decay}.`);
    }
    const { values, slots } = optimiser;
    const { device, size } = values;
    const storage = new Storage(device, values.bytes);
    this.average = keep(new Tensor(storage, [size], 'f32'));
    const view = ({ parameter, start }: ParameterSlot) => keep(new Tensor(storage, parameter.shape, 'f32', 4 * start));
    this.averages = new Map(slots.map((slot) => [slot.parameter, view(slot)]));
    this.variable = device.variables.reserve(1);
    copy(device, { x: values.slice, out: this.average.slice, count: size });
  }

  /** Takes in the parameters as they are now. */
  update(): void {
    const { average, variable, decay } = this;
    const { values } = this.optimiser;
    values.device.eachStep(() => {
      this.step += 1;
      variable.set([f32((1 - decay) / (1 - decay ** this.step))]);
    });
    movingAverage(values.device, { x: values.slice, average: average.slice, rate: variable, count: values.size });
  }

  /** Frees the averages. Twice is harmless. */
  dispose(): void {
    this.variable.release();
    for (const tensor of [...this.averages.values(), this.average]) tensor.dispose();
  }
}
