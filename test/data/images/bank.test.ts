import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageBank, toBytes, type View } from '../../../src/data/images/bank.ts';
import { toChannels } from '../../../src/data/images/channels.ts';
import type { DecodedImage } from '../../../src/data/images/decoded-image.ts';
import { localContrast } from '../../../src/data/images/local-contrast.ts';
import { asPlanes, type Planes } from '../../../src/data/images/planes.ts';
import { Device } from '../../../src/gpu/device.ts';
import { RandomStream } from '../../../src/tensor/random.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { resizedBicubic } from '../../oracles/bicubic.ts';

const seed = Math.floor(Math.random() * 2 ** 32);
const random = new RandomStream(seed, 0);
let device: Device;

beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

function image(width: number, height: number, channels: 1 | 3, value = () => random.integer(256)): DecodedImage {
  return { width, height, channels, pixels: Uint8Array.from({ length: width * height * channels }, value) };
}

/** Leaves ones in the pool, which read as bytes and as floats are never what is expected. */
function poison(bytes: number): void {
  for (let size = 256; size <= bytes; size *= 2) {
    for (const words of [size / 4, (size / 4) * 1.25, (size / 4) * 1.5]) {
      const tensor = Tensor.empty(device, [words], 'u32');
      tensor.upload(new Uint32Array(words).fill(0xffffffff));
      tensor.dispose();
    }
  }
}

const upright: Omit<View, 'width' | 'height'> = { x: 0, y: 0, flip: false, turns: 0 };

async function resized(source: DecodedImage, width: number, height: number): Promise<Uint8Array> {
  poison(2 ** 14);
  const bank = await ImageBank.create(device, [source], { channels: source.channels, loadSize: { width, height } });
  const whole = bank.whole(0);
  expect(whole.shape).toEqual([1, height, width, source.channels]);
  const bytes = await toBytes(whole);
  whole.dispose();
  bank.dispose();
  return bytes;
}

/** A picture as rows of pixels, for the oracle of views. */
type Picture = number[][][];

function picture({ width, height, channels, pixels }: DecodedImage): Picture {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => Array.from(pixels.subarray((y * width + x) * channels).slice(0, channels))),
  );
}

/** The view, step by step on copies. */
function oracleView(source: DecodedImage, { x, y, width, height, flip, turns }: View): Picture {
  let shown = picture(source)
    .slice(y, y + height)
    .map((row) => row.slice(x, x + width));
  if (flip) shown = shown.map((row) => row.toReversed());
  for (let turn = 0; turn < turns; turn++) {
    // Counter-clockwise: the last column becomes the first row.
    const before = shown;
    const columns = before[0]!.length;
    shown = Array.from({ length: columns }, (_, r) => before.map((row) => row[columns - 1 - r]!));
  }
  return shown;
}

describe(`resizing, images of seed ${seed}`, () => {
  const shapes: [number, number, 1 | 3, number, number][] = [
    [13, 9, 3, 7, 17],
    [41, 30, 1, 9, 5],
    [5, 4, 3, 16, 15],
    [19, 21, 3, 18, 20],
    [1, 7, 1, 3, 2],
    [33, 2, 3, 1, 1],
  ];
  it.each(shapes)('%d×%d pixels of %d channels to %d×%d is within rounding of bicubic', async (w, h, c, ow, oh) => {
    const source = image(w, h, c);
    const expected = resizedBicubic(source, ow, oh);
    (await resized(source, ow, oh)).forEach((byte, i) => {
      // Half a byte's rounding of the result, and that of the pass between, at most 1.25 times as much.
      expect(Math.abs(byte - expected[i]!)).toBeLessThan(1.2);
    });
  });

  it("gives Pillow's bytes", async () => {
    const { cases } = JSON.parse(readFileSync(new URL('pil-bicubic.json', import.meta.url), 'utf8'));
    expect(cases).toHaveLength(6);
    for (const { width, height, channels, outWidth, outHeight, source, output } of cases) {
      const pixels = new Uint8Array(Buffer.from(source, 'base64'));
      const bytes = await resized({ width, height, channels, pixels }, outWidth, outHeight);
      expect(Buffer.from(bytes).toString('base64'), `${width}×${height}`).toBe(output);
    }
  });

  it.each([
    [41, 301, 3, 7, 20],
    [41, 301, 1, 9, 301],
    [30, 200, 3, 64, 8],
  ] as const)(
    'of %d×%d pixels in strips of rows that a small device can bind gives the same bytes',
    async (w, h, channels, width, height) => {
      const fine = {
        ...image(w, h, channels),
        pixels: Float32Array.from({ length: w * h * channels }, random.uniform.bind(random)),
      };
      for (const source of [image(w, h, channels), fine]) {
        const options = { channels, loadSize: { width, height } };
        const limits = new Proxy(device.limits, {
          get: (own, name) => (name === 'maxStorageBufferBindingSize' ? 4096 : Reflect.get(own, name, own)),
        });
        const small: Device = Object.create(device, { limits: { value: limits } });
        const [strips, whole] = [
          await ImageBank.create(small, [source], options),
          await ImageBank.create(device, [source], options),
        ];
        expect(await strips.image(0)).toEqual(await whole.image(0));
        strips.dispose();
        whole.dispose();
      }
    },
  );

  it('keeps a plain image plain and an image of its own size as it is', async () => {
    expect(
      await resized(
        image(50, 37, 3, () => 201),
        9,
        64,
      ),
    ).toEqual(new Uint8Array(9 * 64 * 3).fill(201));
    const source = image(7, 5, 3);
    expect(await resized(source, 7, 5)).toEqual(source.pixels);
  });
});

describe(`images of more than 8 bits, of seed ${seed}`, () => {
  const fine = (width: number, height: number, channels: 1 | 3): DecodedImage => ({
    ...{ width, height, channels },
    pixels: Float32Array.from({ length: width * height * channels }, () => 255 * random.uniform()),
  });

  it.each([
    [13, 9, 3, 7, 17],
    [41, 30, 1, 9, 5],
    [5, 4, 3, 16, 15],
    [1, 7, 1, 3, 2],
    [33, 2, 3, 33, 1],
  ] as const)('%d×%d pixels of %d channels to %d×%d are bicubic, unrounded', async (w, h, channels, width, height) => {
    poison(2 ** 14);
    const source = fine(w, h, channels);
    const bank = await ImageBank.create(device, [source], { channels, loadSize: { width, height } });
    const { pixels } = await bank.image(0);
    for (const [i, value] of resizedBicubic(source, width, height).entries())
      expect(Math.abs(pixels[i]! - value)).toBeLessThan(2e-3);
    bank.dispose();
  });

  it('lie beside images of bytes, and views of both come in one batch', async () => {
    poison(2 ** 14);
    const images = [image(11, 8, 3), fine(11, 9, 3), image(12, 8, 3), fine(11, 8, 3)];
    const { liveBytes } = device.pool.use;
    const bank = await ImageBank.create(device, images, { channels: 3, loadSize: null });
    const view: View = { x: 2, y: 1, width: 7, height: 6, flip: true, turns: 1 };
    const batch = bank.batch([3, 0, 1, 2], [view, view, view, view]);
    const expected = [3, 0, 1, 2].flatMap((index) => oracleView(images[index]!, view)).flat(2);
    const actual = await batch.data();
    for (const [i, level] of expected.entries()) expect(Math.abs(actual[i]! - (level / 127.5 - 1))).toBeLessThan(2e-7);
    batch.dispose();
    for (const [i, { pixels }] of images.entries()) {
      const back = await bank.image(i);
      expect(back.pixels.constructor).toBe(pixels.constructor);
      for (const [k, level] of pixels.entries()) expect(Math.abs(back.pixels[k]! - level)).toBeLessThan(1e-4);
    }
    bank.dispose();
    expect(device.pool.use.liveBytes).toBe(liveBytes);
  });

  it('become gray and are evened out without being rounded', async () => {
    const colour = fine(24, 20, 3);
    const options = { channels: 1, loadSize: null, localContrast: true } as const;
    const bank = await ImageBank.create(device, [colour], options);
    const { pixels } = await bank.image(0);
    expect(pixels).toBeInstanceOf(Float32Array);
    const rounded = localContrast(toChannels({ ...colour, pixels: Uint8Array.from(colour.pixels, Math.round) }, 1));
    for (const [i, level] of pixels.entries()) expect(Math.abs(level - rounded.pixels[i]!)).toBeLessThan(3);
    expect(new Set(pixels).size).toBeGreaterThan(300);
    bank.dispose();
  });
});

describe(`ImageBank, images of seed ${seed}`, () => {
  it('shows an image of any colours as planes of its gray', async () => {
    const images = [image(24, 20, 1), image(24, 20, 3)];
    const planes: Planes = ['whole', 'near', 'mirror'];
    const bank = await ImageBank.create(device, images, { channels: 3, loadSize: null, planes });
    for (const [i, own] of images.entries()) {
      expect((await bank.image(i)).pixels).toEqual(asPlanes(toChannels(own, 1), planes).pixels);
    }
    bank.dispose();
  });

  it.each([1, 3] as const)('cuts, mirrors and turns images of %d channels', async (channels) => {
    const images = [image(11, 8, channels), image(9, 13, channels), image(8, 8, channels)];
    poison(2 ** 14);
    const bank = await ImageBank.create(device, images, { channels, loadSize: null });
    expect(bank.count).toBe(3);
    expect(images.map((_, i) => bank.size(i))).toEqual(images.map(({ width, height }) => ({ width, height })));
    for (const flip of [false, true]) {
      for (const turns of [0, 1, 2, 3] as const) {
        const extent = turns % 2 === 0 ? { width: 5, height: 7 } : { width: 7, height: 5 };
        const indices = [2, 0, 1, 0];
        const views = indices.map((index): View => {
          const { width, height } = images[index]!;
          const x = random.integer(width - extent.width + 1);
          const y = random.integer(height - extent.height + 1);
          return { x, y, ...extent, flip, turns };
        });
        const batch = bank.batch(indices, views);
        expect(batch.shape).toEqual([4, 7, 5, channels]);
        const expected = indices.flatMap((index, n) => oracleView(images[index]!, views[n]!)).flat(2);
        const actual = await batch.data();
        expected.forEach((byte, i) => {
          expect(Math.abs(actual[i]! - (byte / 127.5 - 1))).toBeLessThan(1e-7);
        });
        batch.dispose();
      }
    }
    bank.dispose();
  });

  it('mixes views whose turned sizes agree', async () => {
    const source = image(6, 9, 3);
    const bank = await ImageBank.create(device, [source], { channels: 3, loadSize: null });
    const views: View[] = [
      { x: 1, y: 2, width: 3, height: 5, flip: true, turns: 0 },
      { x: 0, y: 4, width: 5, height: 3, flip: false, turns: 3 },
    ];
    const batch = bank.batch([0, 0], views);
    const expected = views.flatMap((view) => oracleView(source, view)).flat(2);
    expect(Array.from(await batch.data(), (v) => Math.round((v + 1) * 127.5))).toEqual(expected);
    batch.dispose();
    bank.dispose();
  });

  it('keeps every image apart over several chunks', async () => {
    // Odd sizes that end within a word; 30 of them exceed the first chunk of 1 MiB.
    const images = Array.from({ length: 30 }, (_, i) => image(151 + i, 101, 3));
    const { liveBytes, liveBuffers } = device.pool.use;
    const bank = await ImageBank.create(device, images, { channels: 3, loadSize: null });
    expect(device.pool.use.liveBuffers - liveBuffers).toBe(2);
    for (const [i, { pixels }] of images.entries()) {
      const whole = bank.whole(i);
      expect(Buffer.compare(await toBytes(whole), Uint8Array.from(pixels)), `image ${i}`).toBe(0);
      whole.dispose();
    }
    bank.dispose();
    expect(device.pool.use).toMatchObject({ liveBytes, liveBuffers });
  });

  it('turns gray into colour, takes images one by one, and frees their originals', async () => {
    const gray = image(40, 40, 1);
    const before = device.pool.use.liveBuffers;
    const decoded: number[] = [];
    function* images() {
      for (let i = 0; i < 5; i++) {
        decoded.push(i);
        yield gray;
      }
    }
    const bank = await ImageBank.create(device, images(), { channels: 3, loadSize: { width: 10, height: 12 } });
    expect(decoded).toHaveLength(5);
    expect(device.pool.use.liveBuffers).toBe(before + 1);
    const whole = bank.whole(4);
    const [bytes, plain] = [await toBytes(whole), await resized(gray, 10, 12)];
    expect(Array.from(bytes)).toEqual(Array.from(plain).flatMap((v) => [v, v, v]));
    whole.dispose();
    bank.dispose();
  });

  it('cuts the borders evenly to a multiple', async () => {
    const source = image(11, 6, 1);
    const bank = await ImageBank.create(device, [source], { channels: 1, loadSize: null });
    const whole = bank.whole(0, 4);
    expect(whole.shape).toEqual([1, 4, 8, 1]);
    const rows = [1, 2, 3, 4].map((y) => [...source.pixels.subarray(11 * y + 1, 11 * y + 9)]);
    expect([...(await toBytes(whole))]).toEqual(rows.flat());
    whole.dispose();
    bank.dispose();
  });

  it('refuses views that leave the image, differ in size or are missing', async () => {
    const bank = await ImageBank.create(device, [image(8, 6, 1)], { channels: 1, loadSize: null });
    const view = (x: number, y: number, width: number, height: number): View => ({ ...upright, x, y, width, height });
    expect(() => bank.batch([0], [view(4, 0, 5, 6)])).toThrow(/5×6 pixels at \(4, 0\).*image 0.*8×6.*crop size/);
    expect(() => bank.batch([0], [view(0, -1, 4, 4)])).toThrow(/\(0, -1\)/);
    expect(() => bank.batch([0], [view(0.5, 0, 4, 4)])).toThrow(/\(0.5, 0\)/);
    expect(() => bank.batch([0, 0], [view(0, 0, 4, 5), { ...view(0, 0, 4, 5), turns: 1 }])).toThrow(/4×5.*5×4/);
    expect(() => bank.batch([0, 0], [view(0, 0, 4, 5)])).toThrow(/needs a view/);
    expect(() => bank.batch([], [])).toThrow(/at least one/);
    expect(() => bank.whole(1)).toThrow(/images 0 to 0; image 1/);
    bank.dispose();
  });
});

describe('a feed of f16 images', () => {
  it('keeps every byte', async () => {
    const ramp = { width: 16, height: 16, channels: 1 as const, pixels: Uint8Array.from({ length: 256 }, (_, i) => i) };
    const bank = await ImageBank.create(device, [ramp], { channels: 1, loadSize: null });
    const feed = bank.feed(1, { width: 16, height: 16 }, 'f16');
    feed.show([0], [{ ...upright, width: 16, height: 16 }]);
    const images = feed.images();
    expect(images.dtype).toBe('f16');
    expect(await toBytes(images)).toEqual(ramp.pixels);
    images.dispose();
    feed.dispose();
    bank.dispose();
  });
});

describe('toBytes', () => {
  it('gives back every byte of a bank, and clamps and rounds what a network makes', async () => {
    const ramp = { width: 16, height: 16, channels: 1 as const, pixels: Uint8Array.from({ length: 256 }, (_, i) => i) };
    const bank = await ImageBank.create(device, [ramp], { channels: 1, loadSize: null });
    const whole = bank.whole(0);
    expect(await toBytes(whole)).toEqual(ramp.pixels);
    const values = await whole.data();
    expect([values[0], values[255]]).toEqual([-1, 1]);
    whole.dispose();
    bank.dispose();

    const made = Tensor.from(device, [-1.5, -1, -0.999, 0, 0.9969, 1, 7, Number.NEGATIVE_INFINITY, 0.5], [1, 3, 3, 1]);
    expect(Array.from(await toBytes(made))).toEqual([0, 0, 0, 128, 255, 255, 255, 0, 191]);
    made.dispose();
    const batch = Tensor.from(device, [0, 0], [2, 1, 1, 1]);
    await expect(toBytes(batch)).rejects.toThrow(/batch of 2/);
    batch.dispose();
  });
});

describe('a bank of more than the device shall hold', () => {
  class Store {
    bytes = new Uint8Array();
    append(more: Uint8Array): number {
      const start = this.bytes.length;
      this.bytes = new Uint8Array([...this.bytes, ...more]);
      return start;
    }
    read(start: number, length: number) {
      return this.bytes.slice(start, start + length);
    }
  }

  const deep = (width: number, height: number): DecodedImage => ({
    ...image(width, height, 3),
    pixels: Float32Array.from({ length: width * height * 3 }, () => 255 * random.uniform()),
  });

  it('gives the same bits out of a store, of every size and depth, resized or not', async () => {
    const images = Array.from({ length: 24 }, (_, i) =>
      i % 3 === 2 ? deep(90 + i, 120) : image(201 - i, i % 2 === 0 ? 150 : 97, i % 4 === 0 ? 1 : 3),
    );
    const made = [image(150, 131, 3), deep(77, 131), image(150, 131, 1)];
    const options = { channels: 3, loadSize: ({ width }: { width: number }) => ({ width, height: 131 }) } as const;
    const overflow = { left: 0, store: new Store() };
    const whole = await ImageBank.create(device, images, options);
    poison(2 ** 21);
    const spilt = await ImageBank.create(device, images, { ...options, overflow });
    for (const one of made) for (const bank of [whole, spilt]) await bank.append(one);
    expect(overflow.store.bytes.length).toBeGreaterThan(2 ** 20);
    expect(spilt.count).toBe(27);
    const views = (indices: number[]) =>
      indices.map((_, n) => ({ ...upright, x: n % 15, y: 3, width: 60, height: 80 }));
    for (const indices of [[0], [26, 0, 13, 13, 2, 5, 25, 1], Array.from({ length: 27 }, (_, i) => i)]) {
      const [expected, found] = [whole, spilt].map((bank) => bank.batch(indices, views(indices)));
      expect(await found?.data()).toEqual(await expected?.data());
      expected?.dispose();
      found?.dispose();
    }
    for (const index of [0, 2, 23, 24, 25]) expect(await spilt.image(index)).toEqual(await whole.image(index));
    whole.dispose();
    spilt.dispose();
  });

  it('appends copies in another size, which are those of the images resized as they come, out of a store too', async () => {
    const images = Array.from({ length: 12 }, (_, i) => (i % 3 === 2 ? deep(190, 171) : image(190, 171, 3)));
    const [large, size] = [
      { width: 190, height: 171 },
      { width: 95, height: 64 },
    ];
    const expected = await ImageBank.create(device, images, { channels: 3, loadSize: size });
    for (const overflow of [undefined, { left: 0, store: new Store() }]) {
      poison(2 ** 21);
      const before = device.pool.use.liveBytes;
      const bank = await ImageBank.create(device, images, {
        ...{ channels: 3, loadSize: large },
        ...(overflow && { overflow }),
      });
      for (let index = 0; index < images.length; index++) await bank.appendCopy(index, size);
      expect(overflow?.store.bytes.length ?? 2 ** 20).toBeGreaterThanOrEqual(2 ** 20);
      expect(bank.count).toBe(2 * images.length);
      for (let index = 0; index < images.length; index++)
        expect(await bank.image(images.length + index)).toEqual(await expected.image(index));
      bank.dispose();
      expect(device.pool.use.liveBytes).toBe(before);
    }
    expected.dispose();
  });

  it('takes no more of the device than it is given, and shares that with other banks', async () => {
    const overflow = { left: 2 ** 22, store: new Store() };
    const before = device.pool.use.liveBytes;
    const fill = () =>
      ImageBank.create(
        device,
        Array.from({ length: 40 }, () => image(200, 200, 3)),
        { channels: 3, loadSize: null, overflow },
      );
    const banks = [await fill(), await fill()];
    // One chunk of each bank, with which it works, may be more.
    expect(device.pool.use.liveBytes - before).toBeLessThanOrEqual(2 ** 22 + 2 ** 20);
    expect(overflow.store.bytes.length).toBeGreaterThan(2 ** 22);
    for (const bank of banks) bank.dispose();
    expect(device.pool.use.liveBytes).toBe(before);
  });
});
