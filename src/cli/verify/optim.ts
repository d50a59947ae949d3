import { finite, list, object, whole } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import { Adam } from '../../optim/adam.ts';
import { linearRule } from '../../optim/schedule.ts';
import { entry, readGolden, readManifest, uploadImages } from './golden.ts';
import { type Check, errorOverMax, TOLERANCE, worstRelativeError } from './tolerance.ts';

const adamSchema = object({
  attrs: object({ lr: finite(), beta1: finite(), beta2: finite(), eps: finite(), steps: whole(1) }),
});

/** Parameters after each of several steps with given gradients, and the moments after the last. */
export async function* verifyAdam(device: Device, folder: string, name: string): AsyncGenerator<Check> {
  const { lr, beta1, beta2, eps, steps } = readManifest(adamSchema, folder, `${name}.json`).attrs;
  const golden = readGolden(folder, `${name}.safetensors`);
  const check = (what: string, found: ArrayLike<number> | undefined, key: string): Check => {
    const error = errorOverMax(found ?? [], entry(golden, key).data);
    return { name: `ops/${name}`, what, error, tolerance: TOLERANCE.operation };
  };
  const parameter = uploadImages(device, entry(golden, 'param_0'));
  const adam = new Adam([parameter], { lr, betas: [beta1, beta2], eps });
  for (let step = 1; step <= steps; step++) {
    parameter.grad?.upload(entry(golden, `grad_${step}`).data);
    adam.step();
    yield check(`parameters after step ${step}, of the maximum`, await parameter.data(), `param_${step}`);
  }
  const [moments] = (await adam.state()).moments;
  yield check('first moment, of the maximum', moments?.expAvg, 'exp_avg');
  yield check('second moment, of the maximum', moments?.expAvgSq, 'exp_avg_sq');
  adam.dispose();
  parameter.dispose();
}

const scheduleSchema = object({
  cases: list(
    object({
      ...{ lr: finite(), epoch_count: finite(), n_epochs: finite(), n_epochs_decay: finite() },
      lr_used_in_epoch: list(finite()),
    }),
  ),
});

/** Learning rates that the reference's scheduler gives, epoch by epoch. */
export function* verifySchedule(folder: string, name: string): Generator<Check> {
  for (const expected of readManifest(scheduleSchema, folder, `${name}.json`).cases) {
    const { lr, epoch_count: first, n_epochs: epochs, n_epochs_decay: decayEpochs } = expected;
    const found = expected.lr_used_in_epoch.map((_, epoch) => lr * linearRule(first + epoch, epochs, decayEpochs));
    yield {
      name: `ops/${name}`,
      what: `${epochs} + ${decayEpochs} epochs from ${first} on, relative`,
      error: worstRelativeError(found, expected.lr_used_in_epoch),
      tolerance: TOLERANCE.operation,
    };
  }
}
