import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { channelSum } from '../../src/kernels/channel-sum.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { poison, random, worst } from '../oracles/compare.ts';

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

/** Fewer rows than a workgroup walks at a time, a tail of them, one share, and several with a short last one. */
describe.each([1, 31, 100, 4096, 4097, 9000])('the channel sums of %i rows', (rows) => {
  test.each([1, 3, 8, 37])('of %i channels, alone and added to what is there', async (channels) => {
    const x = random(rows * channels).map((v) => v + 0.5);
    const before = random(channels);
    const [fresh, added] = [poison(channels), before].map((values) => Tensor.from(device, values, [channels]));
    const rowsOf = Tensor.from(device, x, [rows, channels]);
    for (const [out, accumulate] of [
      [fresh!, false],
      [added!, true],
    ] as const) {
      channelSum(device, { x: rowsOf.slice, out: out.slice, rows, channels, accumulate });
    }
    const sums = new Float64Array(channels);
    x.forEach((v, i) => {
      sums[i % channels]! += v;
    });
    expect(worst(await fresh!.data(), sums)).toBeLessThan(1e-6);
    expect(
      worst(
        await added!.data(),
        sums.map((v, c) => v + before[c]!),
      ),
    ).toBeLessThan(1e-6);
  });
});
