import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tiledNetworks } from '../../../src/anomaly/detector/tiled-networks.ts';
import { BOXES } from '../../../src/anomaly/maps/difference.ts';
import { canBeMade, heatMapCandidates, layersOfDn, mapNamed, requireMap } from '../../../src/anomaly/maps/list.ts';
import { dnPixels, dnPixelsChange } from '../../../src/anomaly/maps/logits.ts';
import { passesOf } from '../../../src/anomaly/maps/passes.ts';
import { scoresFor } from '../../../src/anomaly/scores/list.ts';
import { mean as meanOf } from '../../../src/autograd/mean.ts';
import { scale } from '../../../src/autograd/scale.ts';
import { backward } from '../../../src/autograd/tape.ts';
import { NETWORK_NAMES } from '../../../src/cyclegan/network-names.ts';
import { makeNetworks, type Networks } from '../../../src/cyclegan/network-set.ts';
import { isSegmenting } from '../../../src/cyclegan/unet-discriminator.ts';
import type { Device } from '../../../src/gpu/device.ts';
import type { Module } from '../../../src/layers/module.ts';
import { scope } from '../../../src/tensor/scope.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { expectClose, gradOf, leaf, openPoisoned } from '../../autograd/support.ts';
import { expectRefusal } from '../../data/support.ts';
import { random } from '../../oracles/compare.ts';
import { differenceMap, mean } from '../../oracles/difference.ts';
import * as oracle from '../../oracles/maps.ts';
import { ssimWindows } from '../../oracles/ssim.ts';

const PLAIN = { crop: null, share: 1 } as const;

type Shape = [number, number, number, number];

const shape: Shape = [1, 28, 32, 3];
const [, h, w] = shape;
let device: Device;
let networks: Networks;
let x: Float32Array;

beforeAll(async () => {
  device = await openPoisoned();
  const architecture = { channels: 3, ngf: 4, ndf: 4, blocks: 1, discriminatorLayers: 2 };
  networks = makeNetworks(device, architecture, 7);
  for (const network of Object.values(networks)) network.setRequiresGrad(false);
  x = random(h * w * 3);
});
afterAll(() => device.close());

const run = async (network: Module, values: ArrayLike<number>) => {
  const made = scope(() => network.forward(Tensor.from(device, values, shape)));
  return { values: await made.data(), shape: made.shape };
};

/** A map's own values, and where they lie in the image. */
async function found(name: string): Promise<{ own: Float32Array; placed: Float32Array }> {
  const [own, placed] = scope(() => {
    const passes = passesOf(networks, Tensor.from(device, x, shape), { tile: null, judged: PLAIN });
    const map = requireMap(name);
    return [passes.plane(map).values, passes.placed(map)];
  });
  return { own: await own.data(), placed: await placed.data() };
}

/** What a map of one value a pixel is in both. */
async function expectPixels(name: string, expected: readonly number[], tolerance = 1e-5): Promise<void> {
  const { own, placed } = await found(name);
  expectClose(own, expected, tolerance);
  expectClose(placed, expected, tolerance);
}

describe('maps follow their formulas:', () => {
  it('residual and excess, over boxes', async () => {
    const { values: made } = await run(networks.G_A, x);
    const middle = mean(differenceMap('signed', x, made, shape));
    for (const box of BOXES) {
      const side = box === 1 ? '' : `${box}`;
      await expectPixels(`residual${side}`, differenceMap('absolute', x, made, shape, box));
      const signed = differenceMap('signed', x, made, shape, box);
      await expectPixels(
        `excess${side}`,
        signed.map((d) => Math.abs(d - middle)),
      );
    }
  });

  it('bright and dark places, squared errors and the eighth power', async () => {
    const [{ values: made }, { values: abnormal }] = [await run(networks.G_A, x), await run(networks.G_B, x)];
    const signed = differenceMap('signed', x, made, shape, 5);
    await expectPixels('bright5', signed);
    await expectPixels(
      'dark5',
      signed.map((d) => -d),
    );
    await expectPixels('squared_error', differenceMap('squareSum', x, made, shape));
    await expectPixels('squared_error_abnormal', differenceMap('squareSum', x, abnormal, shape));
    await expectPixels('eighth_power', differenceMap('eighth', x, made, shape));
  });

  it('the residual over the local contrast', async () => {
    const { values: made } = await run(networks.G_A, x);
    const deviation = oracle.localDeviation(x, shape, 17);
    const residual = differenceMap('absolute', x, made, shape, 5);
    await expectPixels(
      'contrast',
      residual.map((value, i) => value / (deviation[i]! + 0.04)),
    );
  });

  it('structure', async () => {
    const { values: made } = await run(networks.G_A, x);
    const expected = ssimWindows(x, made, shape)
      .flat()
      .map((similarity) => 1 - similarity);
    const { own, placed } = await found('ssim');
    expectClose(own, expected, 1e-5);
    expectClose(placed, oracle.place(expected, [1, h - 10, w - 10, 3], { stride: 1, offset: 5 }, h, w), 1e-5);
  });

  it('features of every hidden layer', async () => {
    const { values: made } = await run(networks.G_A, x);
    const observers = { dn: networks.D_A, da: networks.D_B, ga: networks.G_A };
    for (const [observer, network] of Object.entries(observers)) {
      expect(network.hiddenFields).toHaveLength(3);
      for (const [i, field] of network.hiddenFields.entries()) {
        const layer = async (values: ArrayLike<number>) => {
          const hidden = scope(() => network.hidden(Tensor.from(device, values, shape)));
          const one = hidden[i]!;
          return { values: await one.data(), shape: one.shape as Shape };
        };
        const [own, other] = [await layer(x), await layer(made)];
        const [n, p, q] = own.shape;
        const expected = differenceMap('square', own.values, other.values, own.shape);
        const map = await found(`${observer}_features${i + 1}`);
        expectClose(map.own, expected, 1e-4);
        expectClose(map.placed, oracle.place(expected, [n, p, q, 1], field, h, w), 1e-4);
      }
    }
    const [last, named] = [await found('features'), await found('dn_features3')];
    expect(last).toEqual(named);
    const residual = differenceMap('absolute', x, made, shape, 5);
    await expectPixels(
      'features_residual',
      residual.map((value, i) => value * last.placed[i]!),
    );
  });

  it('the discriminators, patch by patch', async () => {
    const [dn, da] = [await run(networks.D_A, x), await run(networks.D_B, x)];
    const patches = dn.shape as Shape;
    for (const [name, expected] of [
      ['dn', [...dn.values].map((logit) => -logit)],
      ['da', [...da.values]],
      ['da_dn', [...da.values].map((logit, i) => logit - dn.values[i]!)],
    ] as const) {
      const { own, placed } = await found(name);
      expectClose(own, expected, 1e-5);
      expectClose(placed, oracle.place(expected, patches, networks.D_A.field, h, w), 1e-5);
    }
  });

  it('cycle, and the residual difference', async () => {
    const [{ values: made }, { values: abnormal }] = [await run(networks.G_A, x), await run(networks.G_B, x)];
    const { values: back } = await run(networks.G_B, made);
    await expectPixels('cycle', differenceMap('absolute', x, back, shape));
    const other = differenceMap('absolute', x, abnormal, shape);
    await expectPixels(
      'residual_difference',
      differenceMap('absolute', x, made, shape).map((v, i) => v - other[i]!),
      1e-4,
    );
  });

  it('the gradient, by central differences along its own sign', async () => {
    const judged = async (values: ArrayLike<number>) => {
      const [dn, da] = [await run(networks.D_A, values), await run(networks.D_B, values)];
      return mean([...da.values]) - mean([...dn.values]);
    };
    const image = leaf(device, x, shape);
    scope(() => backward([meanOf(networks.D_B.forward(image)), scale(meanOf(networks.D_A.forward(image)), -1)]));
    const slopes = await gradOf(image);
    // Short, so that hardly a kink of the networks lies within it: a single one can bend the difference by 1 %.
    const step = 2e-5;
    const moved = (sign: number) => x.map((value, i) => value + sign * step * Math.sign(slopes[i]!));
    const slope = ((await judged(moved(1))) - (await judged(moved(-1)))) / (2 * step);
    const { own, placed } = await found('gradient');
    expect(Math.abs((3 * [...own].reduce((sum, value) => sum + value, 0)) / slope - 1)).toBeLessThan(0.02);
    expectClose(own, differenceMap('absolute', slopes, new Float32Array(slopes.length), shape), 1e-5);
    expect(placed).toEqual(own);
  });
});

describe('the list of maps', () => {
  it('has those of each layer of D_n, and few candidates for heat maps that differ', () => {
    expect(layersOfDn(networks).map(({ name }) => name)).toEqual(['dn_features1', 'dn_features2', 'dn_features3']);
    const names = heatMapCandidates(networks).map(({ name }) => name);
    expect(names).toContain('residual5');
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(mapNamed(name)?.name).toBe(name);
  });

  it('knows no others', () => {
    for (const name of ['', 'residual1', 'residual7', 'dn_features0', 'db_features1', 'Residual5']) {
      expect(mapNamed(name)).toBeUndefined();
    }
    expectRefusal(() => requireMap('blur'), "no map 'blur'", 'residual5', 'dn_features1');
  });

  it('refuses the features of a layer that a network does not have', async () => {
    await expect(found('dn_features4')).rejects.toThrow(/no map dn_features4: D_n has 3 hidden layers/);
  });
});

it('says of each map whether it depends on the reconstruction, and leaves no memory behind', async () => {
  const names = [
    ...heatMapCandidates(networks).map(({ name }) => name),
    'da',
    'gradient',
    'cycle',
    'squared_error_abnormal',
  ];
  const given = random(x.length);
  const image = Tensor.from(device, x, shape);
  const other = Tensor.from(device, given, shape);
  const before = device.pool.use.liveBytes;
  for (const name of names) {
    const map = requireMap(name);
    const of = (instead?: Tensor) =>
      scope(
        () =>
          passesOf(networks, image, { tile: null, judged: PLAIN, ...(instead && { given: instead }) }).plane(map)
            .values,
      );
    const [plain, changed] = [of(), of(other)];
    const same = Buffer.from((await plain.data()).buffer).equals(Buffer.from((await changed.data()).buffer));
    expect(same, name).toBe(!map.networks.includes('G_A'));
    plain.dispose();
    changed.dispose();
  }
  expect(device.pool.use.liveBytes).toBe(before);
});

it('says of each map which networks it needs: without one of them it is refused, and is no candidate', () => {
  const architecture = { channels: 3, ngf: 4, ndf: 4, blocks: 1, discriminatorLayers: 2, netD: 'unet' } as const;
  const names = [
    ...[
      'residual',
      'excess',
      'bright5',
      'dark5',
      'contrast',
      'ssim',
      'features',
      'features_residual',
      'dn',
      'da',
      'da_dn',
    ],
    ...[
      'dn_pixels',
      'dn_pixels_change',
      'dn_features1',
      'da_features1',
      'ga_features1',
      'cycle',
      'residual_difference',
    ],
    ...['gradient', 'squared_error', 'squared_error_abnormal', 'eighth_power'],
  ];
  const image = Tensor.from(device, x, shape);
  const complete = makeNetworks(device, architecture, 9);
  const possible = (of: Networks) => new Set(scoresFor(of).map(({ info }) => info.name));
  for (const absent of NETWORK_NAMES) {
    const own = makeNetworks(device, architecture, 9, [absent]);
    for (const network of Object.values(own)) network.setRequiresGrad(false);
    for (const name of names) {
      const map = requireMap(name);
      const needs = map.networks.includes(absent);
      expect(canBeMade(map, own), name).toBe(!needs);
      const make = () => scope(() => passesOf(own, image, { tile: null, judged: PLAIN }).placed(map)).dispose();
      if (needs) expectRefusal(make, `This model has no ${absent}`);
      else make();
    }
    for (const map of heatMapCandidates(own)) expect(map.networks).not.toContain(absent);
    const scores = possible(own);
    expect(scores.size).toBeLessThan(possible(complete).size);
    for (const score of scoresFor(own)) for (const { map } of score.parts) expect(map.networks).not.toContain(absent);
    expect([...scores].every((name) => possible(complete).has(name))).toBe(true);
    for (const network of Object.values(own)) network.dispose();
  }
});

describe('where D_n is a segmenter', () => {
  const architecture = { channels: 3, ngf: 4, ndf: 4, blocks: 1, discriminatorLayers: 2, netD: 'unet' } as const;
  const made = () => {
    const own = makeNetworks(device, architecture, 9);
    for (const network of Object.values(own)) network.setRequiresGrad(false);
    return own;
  };
  const valuesOf = async (tensor: Tensor) => [...(await tensor.data())];

  it('its pixels are a map, of scores and heat maps too', async () => {
    const own = made();
    const image = Tensor.from(device, x, shape);
    const pixels = scope(() => {
      if (!isSegmenting(own.D_A)) throw new Error('no segmenter');
      return own.D_A.pixels(own.D_A.hidden(image));
    });
    const [map, placed] = scope(() => {
      const passes = passesOf(own, image, { tile: null, judged: PLAIN });
      return [passes.plane(dnPixels).values, passes.placed(dnPixels)];
    });
    const expected = (await valuesOf(pixels)).map((logit) => -logit);
    expect(placed.shape).toEqual([1, h, w, 1]);
    expectClose(await map.data(), expected);
    expectClose(await placed.data(), expected);
    expect(heatMapCandidates(own).map(({ name }) => name)).toContain('dn_pixels');
    expect(heatMapCandidates(networks).map(({ name }) => name)).not.toContain('dn_pixels');
    expect(scoresFor(own).map(({ info }) => info.name)).toEqual(
      expect.arrayContaining(['dn_pixels.top1', 'dn_pixels.max']),
    );
  });

  it('what changes of them from the image to its repair is another', async () => {
    const own = made();
    const image = Tensor.from(device, x, shape);
    const [before, after] = scope(() => {
      const { D_A } = own;
      if (!isSegmenting(D_A)) throw new Error('no segmenter');
      return [image, own.G_A.forward(image)].map((of) => D_A.pixels(D_A.hidden(of)));
    });
    const change = scope(() => passesOf(own, image, { tile: null, judged: PLAIN }).placed(dnPixelsChange));
    if (!before || !after) throw new Error('no logits');
    const [ofImage, ofRepair] = [await valuesOf(before), await valuesOf(after)];
    expectClose(
      await change.data(),
      ofRepair.map((logit, i) => logit - (ofImage[i] ?? Number.NaN)),
      1e-5,
    );
  });

  it('they come tile by tile from an image larger than a tile', async () => {
    const own = made();
    const large = Tensor.from(device, random(64 * 48 * 3), [1, 64, 48, 3]);
    const tiled = scope(() => passesOf(tiledNetworks(own, 32), large, { tile: 32, judged: PLAIN }).placed(dnPixels));
    expect(tiled.shape).toEqual([1, 64, 48, 1]);
    expect((await valuesOf(tiled)).every(Number.isFinite)).toBe(true);
  });

  it('patches of two kinds of discriminators meet pixel by pixel', async () => {
    const own = made();
    const image = Tensor.from(device, x, shape);
    const [difference, abnormal, normal] = scope(() => {
      const passes = passesOf(own, image, { tile: null, judged: PLAIN });
      return [passes.placed(requireMap('da_dn')), passes.placed(requireMap('da')), passes.placed(requireMap('dn'))];
    });
    const [ofAbnormal, ofNormal] = [await valuesOf(abnormal), await valuesOf(normal)];
    expectClose(
      await difference.data(),
      ofAbnormal.map((value, i) => value + (ofNormal[i] ?? Number.NaN)),
    );
  });

  it('and where it is none, there are no pixels', () => {
    const image = Tensor.from(device, x, shape);
    expectRefusal(
      () => scope(() => passesOf(networks, image, { tile: null, judged: PLAIN }).placed(dnPixels)),
      'dn_pixels',
      '--netD unet',
    );
  });
});
