import { afterAll, beforeAll, expect, test } from 'vitest';
import { ganLoss, LossLog } from '../../src/cyclegan/losses.ts';
import type { Device } from '../../src/gpu/device.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { openPoisoned } from '../autograd/support.ts';

let device: Device;
beforeAll(async () => {
  device = await openPoisoned();
});
afterAll(() => device.close());

const logits = [-3, 0.25, 1, 0, 2.5, -0.5];
const mean = (term: (logit: number, i: number) => number) =>
  logits.reduce((sum, logit, i) => sum + term(logit, i), 0) / logits.length;

test.each([
  ['lsgan', 'real', mean((logit) => (logit - 1) ** 2)],
  ['lsgan', 'real, then fake', mean((logit, i) => (logit - (i < 3 ? 1 : 0)) ** 2)],
  ['vanilla', 'real', mean((logit) => Math.log(1 + Math.exp(-logit)))],
  ['vanilla', 'real, then fake', mean((logit, i) => Math.log(1 + Math.exp(i < 3 ? -logit : logit)))],
] as const)('%s, %s', async (mode, label, expected) => {
  const map = Tensor.from(device, logits, [2, 1, 3, 1]);
  const loss = ganLoss(map, label, mode);
  expect(await loss.item()).toBeCloseTo(expected, 6);
  map.dispose();
  loss.dispose();
});

function note(log: LossLog, step: number): void {
  const loss = (value: number) => Tensor.from(device, [value], [1]);
  const [first, last] = [loss(step), loss(-step)];
  log.beginStep();
  log.note({ D_A: first });
  log.note({ idt_B: last });
  first.dispose();
  last.dispose();
}

test('the log gives each step once, in order, and 0 for what was never noted', async () => {
  const log = new LossLog(device);
  expect(await log.read()).toEqual([]);
  for (const step of [1, 2]) note(log, step);
  const zeros = { D_A: 0, G_A: 0, cycle_A: 0, idt_A: 0, D_B: 0, G_B: 0, cycle_B: 0, idt_B: 0 };
  expect(await log.read()).toEqual([1, 2].map((step) => ({ ...zeros, D_A: step, idt_B: -step })));
  expect(await log.read()).toEqual([]);
  note(log, 3);
  expect(await log.read()).toEqual([{ ...zeros, D_A: 3, idt_B: -3 }]);
  log.dispose();
});

test('a read takes the values of the moment it was asked for, also while steps go on', async () => {
  const log = new LossLog(device);
  note(log, 1);
  const pending = log.read();
  for (let step = 2; step <= 65; step++) note(log, step);
  expect((await pending).map(({ D_A }) => D_A)).toEqual([1]);
  expect((await log.read()).map(({ D_A }) => D_A)).toEqual(Array.from({ length: 64 }, (_, i) => i + 2));
  log.dispose();
});

test('of more than 64 unread steps the last 64 are kept', async () => {
  const log = new LossLog(device);
  for (let step = 1; step <= 100; step++) note(log, step);
  expect((await log.read()).map(({ D_A }) => D_A)).toEqual(Array.from({ length: 64 }, (_, i) => i + 37));
  log.dispose();
});
