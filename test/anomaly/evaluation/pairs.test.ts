import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DetectorNetworks } from '../../../src/anomaly/detector/detector-networks.ts';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import { type ImagePair, PairComparison } from '../../../src/anomaly/evaluation/pairs.ts';
import { scale } from '../../../src/autograd/scale.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { Device } from '../../../src/gpu/device.ts';
import { Module } from '../../../src/layers/module.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK, trainNew } from '../../cyclegan/run/trainer-support.ts';
import { ssimPerImage } from '../../oracles/ssim.ts';

/** Makes images paler: half the contrast. */
class Paler extends Module {
  readonly hiddenFields = [];

  hidden(): Tensor[] {
    return [];
  }

  forward(x: Tensor): Tensor {
    return scale(x, 0.5);
  }
}

describe('PairComparison', () => {
  const folder = temporaryFolder();
  let device: Device;
  let detector: DetectorNetworks;
  let images: DecodedImage[];

  beforeAll(async () => {
    device = await Device.open({ checked: true });
    await trainNew(device, await loadBanks(device, folder.path('data')), folder.path('run'), { ...QUICK, steps: 2 });
    const opened = openRunNetworks(device, runFolder(folder.path('run')));
    detector = { ...opened, networks: { ...opened.networks, G_A: new Paler() } };
    images = await Promise.all([0, 1, 2].map((i) => decodeImage(folder.path('data', 'abnormal', `${i}.png`))));
  });
  afterAll(() => {
    device.close();
    folder.remove();
  });

  const compared = async (pairs: readonly ImagePair[]) => {
    const comparison = new PairComparison(detector);
    for (const pair of pairs) await comparison.add(pair);
    return comparison.report();
  };

  const values = ({ pixels }: DecodedImage) => Float64Array.from(pixels, (byte) => byte / 127.5 - 1);
  const closeness = (a: Float64Array, b: Float64Array) => ({
    mae: a.reduce((sum, v, i) => sum + Math.abs(v - b[i]!) / 2, 0) / a.length,
    ssim: ssimPerImage(a, b, [1, 32, 32, 3])[0]!,
  });

  it('measures G_a2n(x) and x itself against the template, the mean over pairs, and leaves no memory behind', async () => {
    const [a, b, c] = [images[0]!, images[1]!, images[2]!];
    const before = device.pool.use.liveBytes;
    const found = await compared([
      { image: a, template: b },
      { image: b, template: c },
    ]);
    expect(device.pool.use.liveBytes).toBe(before);
    expect(found?.images).toBe(2);
    for (const [which, factor] of [
      ['untouched', 1],
      ['translated', 0.5],
    ] as const) {
      const both = [
        [a, b],
        [b, c],
      ].map(([x, t]) =>
        closeness(
          values(x!).map((v) => factor * v),
          values(t!),
        ),
      );
      expect(found?.[which].mae).toBeCloseTo((both[0]!.mae + both[1]!.mae) / 2, 5);
      expect(found?.[which].ssim).toBeCloseTo((both[0]!.ssim + both[1]!.ssim) / 2, 4);
    }
  });

  it('brings a template of another size and colour to that of the image', async () => {
    const gray = { width: 64, height: 48, channels: 1, pixels: new Uint8Array(64 * 48).fill(255) } as const;
    const white = { width: 32, height: 32, channels: 3, pixels: new Uint8Array(3072).fill(255) } as const;
    const found = await compared([{ image: white, template: gray }]);
    expect(found?.untouched.mae).toBeCloseTo(0, 6);
    expect(found?.translated.mae).toBeCloseTo(0.25, 5);
  });

  it('has nothing to say without pairs', async () => expect(await compared([])).toBeNull());
});
