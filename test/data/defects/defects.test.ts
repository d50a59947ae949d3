import { describe, expect, it } from 'vitest';
import { damage } from '../../../src/data/defects/damage.ts';
import { ground } from '../../../src/data/defects/ground.ts';
import { grown, softMask } from '../../../src/data/defects/soft-mask.ts';
import { cutOut, transplant } from '../../../src/data/defects/transplant.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { RandomStream } from '../../../src/tensor/random.ts';
import { expectRefusal } from '../support.ts';

/** The corner of a soft edge of two pixels, turned, enlarged by e^0.4, and interpolated: (2 + 1) · √2 · 1.5. */
const EDGE = 7;
const SEED = Math.floor(Math.random() * 2 ** 31);
const stream = (index = 0) => new RandomStream(SEED, index);

function photo(width: number, height: number, channels: 1 | 3, gray = 120): DecodedImage {
  const random = stream(99);
  const pixels = Uint8Array.from({ length: width * height * channels }, () => gray + random.integer(21) - 10);
  return { width, height, channels, pixels };
}

/** A dark square of 5 px on a photograph of another brightness. */
function withSquare(width: number, height: number, channels: 1 | 3, gray: number) {
  const image = photo(width, height, channels, gray);
  const mask = new Uint8Array(width * height);
  for (let y = 8; y < 13; y++) {
    for (let x = 10; x < 15; x++) {
      mask[y * width + x] = 1;
      for (let c = 0; c < channels; c++) image.pixels[(y * width + x) * channels + c] = gray - 100;
    }
  }
  return { image, mask };
}

const changed = (a: DecodedImage, b: DecodedImage) =>
  Array.from(
    { length: a.width * a.height },
    (_, i) =>
      a.pixels.subarray(i * a.channels, (i + 1) * a.channels).join() !==
      b.pixels.subarray(i * a.channels, (i + 1) * a.channels).join(),
  );

describe('transplant', () => {
  it.each([
    [40, 40, 1],
    [37, 29, 3],
  ] as const)(
    'changes the image of %i × %i × %i in and around the mask alone, and keeps how dark the defect is',
    (w, h, channels) => {
      const { image, mask } = withSquare(w, h, channels, 200);
      const defect = cutOut(image, mask) ?? expect.fail('no defect');
      const normal = photo(w, h, channels, 130);
      for (let k = 0; k < 20; k++) {
        const made = transplant(normal, defect, stream(k));
        const near = grown(made.mask, normal, EDGE);
        // Of a defect that lies outside, its soft edge may reach in.
        const isInner = (i: number) =>
          Math.min(i % w, w - 1 - (i % w), Math.floor(i / w), h - 1 - Math.floor(i / w)) >= EDGE;
        const touched = changed(normal, made.image);
        expect(touched.every((isTouched, i) => !isTouched || near[i] === 1 || !isInner(i))).toBe(true);
        const inside = [...made.mask.keys()].filter((i) => made.mask[i]);
        if (inside.length < 12) continue;
        const mean = inside.reduce((sum, i) => sum + (made.image.pixels[i * channels] ?? 0), 0) / inside.length;
        // 100 gray levels darker than its ground, times 0.6 to 1.3, less at the edge.
        expect(mean).toBeLessThan(130 - 35);
      }
      expect(normal.pixels).toEqual(photo(w, h, channels, 130).pixels);
    },
  );

  it('draws the same from the same seed, and other places from another', () => {
    const { image, mask } = withSquare(32, 32, 1, 180);
    const defect = cutOut(image, mask) ?? expect.fail('no defect');
    const normal = photo(32, 32, 1);
    const masks = Array.from({ length: 8 }, (_, k) => transplant(normal, defect, stream(k)).mask.join(''));
    expect(transplant(normal, defect, stream(3)).mask.join('')).toBe(masks[3]);
    expect(new Set(masks).size).toBeGreaterThan(4);
  });

  it('has nothing to cut out of a mask that marks nothing, or everything', () => {
    const image = photo(16, 16, 1);
    expect(cutOut(image, new Uint8Array(256))).toBeNull();
    expect(cutOut(image, new Uint8Array(256).fill(1))).toBeNull();
  });

  it('refuses images of two sizes', () => {
    const { image, mask } = withSquare(32, 32, 1, 180);
    const defect = cutOut(image, mask) ?? expect.fail('no defect');
    expectRefusal(() => transplant(photo(30, 32, 1), defect, stream()), '32 × 32 × 1', '30 × 32 × 1');
  });
});

describe('damage', () => {
  it.each([
    [64, 64, 1],
    [33, 48, 3],
    [8, 8, 1],
  ] as const)('marks what it changes in an image of %i × %i × %i, up to a soft edge', (w, h, channels) => {
    const normal = photo(w, h, channels);
    let [marked, seen] = [0, 0];
    for (let k = 0; k < 60; k++) {
      const { image, mask } = damage(normal, stream(k));
      const near = grown(mask, normal, 2);
      expect(changed(normal, image).every((isTouched, i) => !isTouched || near[i] === 1)).toBe(true);
      if (mask.includes(1)) marked += 1;
      if (changed(normal, image).includes(true)) seen += 1;
    }
    // A scratch may begin and end outside.
    expect(marked).toBeGreaterThan(50);
    expect(seen).toBeGreaterThan(50);
  });

  it('shows on a ground that is the same everywhere', () => {
    const [width, height] = [48, 40];
    const pixels = Uint8Array.from({ length: width * height }, (_, i) => 120 + 40 * ((i % width) % 2));
    const stripes: DecodedImage = { width, height, channels: 1, pixels };
    const seen = Array.from({ length: 200 }, (_, k) => {
      const { image, mask } = damage(stripes, stream(k));
      const inside = [...mask.keys()].filter((i) => mask[i]);
      const change = inside.reduce((sum, i) => sum + Math.abs((image.pixels[i] ?? 0) - (pixels[i] ?? 0)), 0);
      return inside.length === 0 ? null : change / inside.length;
    }).filter((change) => change !== null);
    // A quarter turn, or less contrast, of a single pixel may be the pixel that was there.
    expect(seen.filter((change) => change >= 10).length).toBeGreaterThan(0.9 * seen.length);
  });
});

it('a soft mask is 1 well inside, 0 two pixels outside, and grows with the mask', () => {
  const plane = { width: 12, height: 9 };
  const mask = new Uint8Array(108);
  for (let y = 3; y < 6; y++) mask.fill(1, y * 12 + 4, y * 12 + 8);
  const soft = softMask(mask, plane);
  expect(soft[4 * 12 + 5]).toBeCloseTo(1, 6);
  expect(soft[4 * 12 + 1]).toBe(0);
  expect(soft[4 * 12 + 2]).toBeGreaterThan(0);
  expect([...soft].every((share, i) => share >= 0 && share <= 1 + 1e-6 && (!mask[i] || share > 0.9))).toBe(true);
});

describe('a ground', () => {
  const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const gray = ({ pixels }: DecodedImage) => {
    const mean = meanOf([...pixels]);
    return { mean, deviation: Math.sqrt(meanOf([...pixels].map((value) => (value - mean) ** 2))) };
  };

  it('is the same for the same seed, and another each time', () => {
    const [once, again] = [stream(3), stream(3)];
    const [first, second] = [ground(40, once), ground(40, once)];
    expect(first).toEqual(ground(40, again));
    expect(first).not.toEqual(second);
  });

  it('has the size that was asked for, and is never flat, black or white alone', () => {
    const random = stream(4);
    const all = Array.from({ length: 60 }, (_, n) => ground(24 + (n % 7), random));
    for (const [n, image] of all.entries()) {
      expect([image.width, image.height, image.channels, image.pixels.length]).toEqual([
        24 + (n % 7),
        24 + (n % 7),
        1,
        (24 + (n % 7)) ** 2,
      ]);
      const { mean, deviation } = gray(image);
      expect(mean).toBeGreaterThan(30);
      expect(mean).toBeLessThan(225);
      expect(deviation).toBeGreaterThan(3);
    }
    // Of many kinds: faint and strong, dark and bright.
    const [means, deviations] = [all.map((image) => gray(image).mean), all.map((image) => gray(image).deviation)];
    expect(Math.max(...means) - Math.min(...means)).toBeGreaterThan(60);
    expect(Math.max(...deviations) / Math.min(...deviations)).toBeGreaterThan(3);
  });
});
