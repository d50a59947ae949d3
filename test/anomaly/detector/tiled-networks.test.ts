import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DetectorNetworks } from '../../../src/anomaly/detector/detector-networks.ts';
import { openRunNetworks } from '../../../src/anomaly/detector/run-networks.ts';
import { type ImageResult, scoreImages } from '../../../src/anomaly/detector/score-images.ts';
import { tiledNetworks } from '../../../src/anomaly/detector/tiled-networks.ts';
import { requireMap } from '../../../src/anomaly/maps/list.ts';
import { tilesAlong, tileWeights } from '../../../src/anomaly/maps/tiles.ts';
import { scoresFor } from '../../../src/anomaly/scores/list.ts';
import { scale } from '../../../src/autograd/scale.ts';
import { noGrad } from '../../../src/autograd/tape.ts';
import { runFolder } from '../../../src/cyclegan/run/run-folder.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import type { Device } from '../../../src/gpu/device.ts';
import { Module } from '../../../src/layers/module.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { openPoisoned } from '../../autograd/support.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { loadBanks, QUICK, trainNew } from '../../cyclegan/run/trainer-support.ts';
import { random } from '../../oracles/compare.ts';

/** Multiplies images by a number. */
class Scaled extends Module {
  readonly hiddenFields = [];

  hidden(): Tensor[] {
    return [];
  }

  forward(x: Tensor): Tensor {
    return scale(x, 0.5);
  }
}

describe('tiled networks', () => {
  const folder = temporaryFolder();
  let device: Device;
  let plain: DetectorNetworks;

  beforeAll(async () => {
    device = await openPoisoned();
    await trainNew(device, await loadBanks(device, folder.path('data')), folder.path('run'), { ...QUICK, steps: 2 });
    plain = openRunNetworks(device, runFolder(folder.path('run')));
  });
  afterAll(() => {
    device.close();
    folder.remove();
  });

  const [h, w, c] = [36, 52, 3];
  const image = () => ({ values: Array.from(random(h * w * c)), shape: [1, h, w, c] });
  const forward = (network: Module, x: Tensor) => scope(() => noGrad(() => network.forward(x)));
  const tileOf = (values: readonly number[], top: number, left: number, height: number, width: number) =>
    Float32Array.from({ length: height * width * c }, (_, i) => {
      const [row, column] = [Math.floor(i / (width * c)), Math.floor(i / c) % width];
      return values[((top + row) * w + left + column) * c + (i % c)] ?? Number.NaN;
    });

  it('return a generator’s image where it works pixel by pixel', async () => {
    const { values, shape } = image();
    const x = Tensor.from(device, values, shape);
    const made = forward(tiledNetworks({ ...plain.networks, G_A: new Scaled() }, 24).G_A, x);
    const found = await made.data();
    expect(made.shape).toEqual(shape);
    for (const [i, value] of values.entries())
      expect(Math.abs((found[i] ?? Number.NaN) - value / 2)).toBeLessThan(2e-7);
  });

  it('blend what a generator makes of each tile, as computed in float64', async () => {
    const { values, shape } = image();
    const [rows, columns] = [tilesAlong(h, 28), tilesAlong(w, 28)];
    expect([rows.starts.length, columns.starts.length]).toEqual([2, 3]);
    const [down, across] = [tileWeights(rows), tileWeights(columns)];
    const expected = new Float64Array(h * w * c);
    for (const [j, top] of rows.starts.entries()) {
      for (const [k, left] of columns.starts.entries()) {
        const tile = Tensor.from(device, tileOf(values, top, left, rows.side, columns.side), [
          1,
          rows.side,
          columns.side,
          c,
        ]);
        const made = await forward(plain.networks.G_A, tile).data();
        for (const [i, value] of made.entries()) {
          const [row, column] = [Math.floor(i / (columns.side * c)), Math.floor(i / c) % columns.side];
          const at = ((top + row) * w + left + column) * c + (i % c);
          expected[at] = (expected[at] ?? 0) + (down[j]?.[row] ?? 0) * (across[k]?.[column] ?? 0) * value;
        }
      }
    }
    const found = await forward(tiledNetworks(plain.networks, 28).G_A, Tensor.from(device, values, shape)).data();
    for (const [i, value] of found.entries()) expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThan(1e-6);
  });

  it('judge each tile', async () => {
    const { values, shape } = image();
    const [rows, columns] = [tilesAlong(h, 28), tilesAlong(w, 28)];
    const expected: number[] = [];
    for (const top of rows.starts) {
      for (const left of columns.starts) {
        const tile = Tensor.from(device, tileOf(values, top, left, rows.side, columns.side), [
          1,
          rows.side,
          columns.side,
          c,
        ]);
        expected.push(...(await forward(plain.networks.D_A, tile).data()));
      }
    }
    const found = await forward(tiledNetworks(plain.networks, 28).D_A, Tensor.from(device, values, shape)).data();
    expect(found).toHaveLength(expected.length);
    for (const [i, value] of found.entries()) expect(Math.abs(value - (expected[i] ?? 0))).toBeLessThan(1e-5);
  });

  const MAPS = ['residual5', 'ssim', 'dn_features1', 'ga_features3', 'dn', 'features_residual', 'gradient'];
  const collect = async (tile: number | null, images: DecodedImage[]) => {
    const detector = openRunNetworks(device, runFolder(folder.path('run')), tile);
    const results: ImageResult[] = [];
    const request = { scores: scoresFor(detector.networks), maps: MAPS.map(requireMap), pictures: true };
    for await (const result of scoreImages(detector, images, () => request)) results.push(result);
    detector.dispose();
    return results;
  };
  const photograph = () => decodeImage(folder.path('data', 'normal', '0.png'));

  it('score an image that one tile covers with the same bits as without', async () => {
    expect(await collect(32, [await photograph()])).toEqual(await collect(null, [await photograph()]));
  });

  it('keep an image larger than the run’s size, shrink none of its pixels, and leave no memory behind', async () => {
    const pixels = Uint8Array.from(random(70 * 45 * 3), (v) => Math.round(127.5 * (v + 1)));
    const large: DecodedImage = { width: 70, height: 45, channels: 3, pixels };
    const before = device.pool.use.liveBytes;
    const [tiled, whole] = [await collect(28, [large]), await collect(null, [large])];
    expect(device.pool.use.liveBytes).toBe(before);
    expect(tiled[0]?.pictures?.input).toMatchObject({ width: 68, height: 44 });
    expect(tiled[0]?.pictures?.reconstruction).toMatchObject({ width: 68, height: 44 });
    for (const name of MAPS) {
      expect(tiled[0]?.maps[name], name).toHaveLength(68 * 44);
      expect(tiled[0]?.maps[name]?.every(Number.isFinite), name).toBe(true);
    }
    expect(whole[0]?.pictures?.input).toMatchObject({ width: 32, height: 32 });
    for (const value of Object.values(tiled[0]?.scores ?? {})) expect(Number.isFinite(value)).toBe(true);
    // Too narrow for a tile: shrunk as before.
    const narrow: DecodedImage = { width: 100, height: 8, channels: 3, pixels: pixels.slice(0, 2400) };
    expect((await collect(28, [narrow]))[0]?.pictures?.input).toMatchObject({ width: 32, height: 32 });
  });
});
