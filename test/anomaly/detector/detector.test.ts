import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readModel } from '../../../src/anomaly/detector/stored-model.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { toByteImage } from '../../../src/data/images/decoded-image.ts';
import { Detector, Device } from '../../../src/detector.ts';
import { evaluate, score, train } from '../../../src/workflow.ts';
import { makeData, SMALL_CONFIG, temporaryFolder } from '../../cli/support.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryFolder();
let data: string;
let model: string;
let device: Device;

beforeAll(async () => {
  device = await Device.open({ checked: true });
  data = makeData(folder.path('data'), { normal: 8, abnormal: 6 });
  const out = folder.path('run');
  await train({ device, data, out, config: { ...SMALL_CONFIG, steps: 3 }, tune: false });
  model = join(out, 'model.safetensors');
});
afterAll(() => {
  device.close();
  folder.remove();
});

const image = (i: number) => join(data, 'abnormal', `${i}.png`);

describe('Detector', () => {
  it('judges pixels and bytes as the workflows do, by the path or by the bytes of a model', async () => {
    const files = [];
    for await (const result of score({
      device,
      model,
      images: [join(data, 'abnormal')],
      allScores: true,
      tune: false,
    })) {
      if (result.status !== 'unreadable') files.push(result);
    }
    expect(files).toHaveLength(6);
    for (const source of [model, readFileSync(model)]) {
      const detector = await Detector.open(source, { device });
      for (const [i, file] of files.entries()) {
        const byPixels = await detector.score(await decodeImage(image(i)));
        expect(byPixels).toEqual(await detector.score(readFileSync(image(i))));
        expect(byPixels.scores).toEqual(file.scores);
        expect(byPixels.flagged).toBe(file.status === 'flagged');
        expect(byPixels.score).toBe(file.score);
      }
      detector.dispose();
    }
  });

  it('gives a heat map of residual5 whose hottest pixel is the score blurmax, and a reconstruction, only where they are wanted', async () => {
    const detector = await Detector.open(model, { device, map: 'residual5' });
    const { heatMap, reconstruction, scores } = await detector.score(readFileSync(image(0)));
    expect([heatMap?.width, heatMap?.height]).toEqual([32, 32]);
    expect(Math.max(...(heatMap?.values ?? []))).toBe(scores.blurmax);
    expect(heatMap?.threshold).toBe(detector.heatMapThreshold);
    expect(reconstruction).toMatchObject({ width: 32, height: 32, channels: 3 });
    const bare = await detector.score(readFileSync(image(0)), { pictures: false });
    expect(bare).toMatchObject({ scores, heatMap: null, reconstruction: null, original: null });
    detector.dispose();
  });

  it('shows the map that calibration chose, or another that it knows, and says which', async () => {
    const { heatmap } = readModel(model).calibration;
    const others = Object.keys(heatmap?.others ?? {});
    expect(others.length).toBeGreaterThan(8);
    for (const map of [undefined, ...others]) {
      const detector = await Detector.open(model, { device, map });
      const { heatMap } = await detector.score(readFileSync(image(0)));
      const { threshold, floor } = (map === undefined ? heatmap : heatmap?.others[map]) ?? {};
      expect(heatMap).toMatchObject({ map: map ?? heatmap?.map, formula: expect.any(String), threshold, floor });
      expect([heatMap?.values.length, heatMap?.values.every(Number.isFinite)]).toEqual([1024, true]);
      detector.dispose();
    }
    await expect(Detector.open(model, { device, map: 'blur' })).rejects.toThrow(
      /no heat map 'blur' in .*; expected .*dn/,
    );
  });

  it('decides by a score under either of its names, and by any map and pooling with a threshold', async () => {
    const [short, long] = [
      await Detector.open(model, { device, by: 'blurmax' }),
      await Detector.open(model, { device, by: 'residual5.max' }),
    ];
    expect([long.by, long.threshold]).toEqual([short.by, short.threshold]);
    const own = await Detector.open(model, { device, by: 'gradient.top01', threshold: 1e-3 });
    const { score: found, scores } = await own.score(readFileSync(image(0)), { pictures: false });
    expect(found).toBe(scores['gradient.top01']);
    expect(found).toBeGreaterThan(0);
    await expect(Detector.open(model, { device, by: 'excess9.top1' })).rejects.toThrow(
      /no threshold of the score 'excess9.top1'.*of your own/,
    );
    for (const detector of [short, long, own]) detector.dispose();
  });

  it('drops alpha, repeats gray, and takes images of any size', async () => {
    const detector = await Detector.open(model, { device });
    const { width, height, pixels } = toByteImage(await decodeImage(image(1)));
    const rgba = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) =>
      i % 4 === 3 ? 17 : (pixels[Math.floor(i / 4) * 3 + (i % 4)] ?? 0),
    );
    const opaque = await detector.score({ width, height, channels: 3, pixels });
    expect(await detector.score({ width, height, channels: 4, pixels: rgba })).toEqual(opaque);
    const gray = new Uint8Array(7 * 90).map((_, i) => i % 251);
    const colour = Uint8Array.from({ length: 3 * gray.length }, (_, i) => gray[Math.floor(i / 3)] ?? 0);
    const size = { width: 7, height: 90 };
    const [inGray, inColour] = [
      await detector.score({ ...size, channels: 1, pixels: gray }),
      await detector.score({ ...size, channels: 3, pixels: colour }),
    ];
    expect(inGray.original).toEqual({ ...size, channels: 1, pixels: gray });
    expect({ ...inGray, original: null }).toEqual({ ...inColour, original: null });
    detector.dispose();
  });

  it('judges many in order, one after another, and its memory does not grow', async () => {
    const detector = await Detector.open(model, { device });
    const order = [0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0];
    const alone = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => detector.score(readFileSync(image(i)))));
    const before = device.pool.use.liveBytes;
    async function* files() {
      for (const i of order) yield readFileSync(image(i));
    }
    const judged = [];
    for await (const judgement of detector.scoreAll(files())) judged.push(judgement);
    expect(judged).toEqual(order.map((i) => alone[i]));
    expect(device.pool.use.liveBytes).toBe(before);
    detector.dispose();
  });

  it('judges together what is asked for at once, with the same bits, and tells each what is wrong with it', async () => {
    const detector = await Detector.open(model, { device });
    const alone = [];
    for (let i = 0; i < 6; i++) alone.push(await detector.score(readFileSync(image(i))));
    const run = vi.spyOn(device, 'launch');
    await detector.score(readFileSync(image(0)), { pictures: false });
    const launchesOfOne = run.mock.calls.length;
    run.mockClear();
    const many = Array.from({ length: 18 }, (_, i) => i % 6);
    const pictures = (i: number) => i % 4 !== 0;
    // Decoded before, so that none waits for its file while the device is at work.
    const decoded = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => decodeImage(image(i))));
    const judged = await Promise.allSettled([
      ...many.flatMap((i) => {
        const pixels = decoded[i];
        return pixels ? [detector.score(pixels, { pictures: pictures(i) })] : [];
      }),
      detector.score(Uint8Array.of(1, 2, 3)),
    ]);
    expect(run.mock.calls.length).toBeLessThan(10 * launchesOfOne);
    run.mockRestore();
    for (const [at, i] of many.entries()) {
      const expected = pictures(i) ? alone[i] : { ...alone[i], heatMap: null, reconstruction: null, original: null };
      expect(judged[at]).toEqual({ status: 'fulfilled', value: expected });
    }
    expect(judged.at(-1)).toMatchObject({ status: 'rejected' });
    const { scores, score } = await detector.score(readFileSync(image(1)), { allScores: false });
    expect(scores).toEqual({ [detector.by]: score });
    detector.dispose();
  });

  it('takes another score and threshold, and a device of its own', async () => {
    const by = await Detector.open(model, { by: 'l1', threshold: -1 });
    expect(await by.score(readFileSync(image(0)))).toMatchObject({ flagged: true, threshold: -1 });
    by.dispose();
    const evaluated = await evaluate({ device, model, data, tune: false });
    const detector = await Detector.open(model, { device });
    expect(detector.by).toBe(evaluated?.evaluation.chosen.score);
    expect(detector.threshold).toBe(evaluated?.evaluation.chosen.threshold.value);
    detector.dispose();
  });

  it.each([
    ['a score that it does not have', () => Detector.open(model, { device, by: 'beauty' }), /no score 'beauty'.*sse/],
    ['a missing file', () => Detector.open(folder.path('none'), { device }), /cannot read .*none/],
    [
      'bytes that are no model',
      () => Detector.open(new Uint8Array(9), { device }),
      /the model is not a complete safetensors file/,
    ],
  ])('refuses %s', async (_, open, message) => {
    await expect(open()).rejects.toThrow(message);
  });

  it('judges an image before the next one is there, and the last before its source fails', async () => {
    const detector = await Detector.open(model, { device });
    const bytes = readFileSync(image(0));
    const events: string[] = [];
    let judged = () => {};
    const source = async function* () {
      for (let i = 0; i < 2; i++) {
        events.push(`image ${i}`);
        const isJudged = new Promise<void>((resolve) => {
          judged = resolve;
        });
        yield bytes;
        // Waits like a camera: for ever, if a judgement were held back until the next image.
        await isJudged;
      }
      throw new Error('unplugged');
    };
    const all = async () => {
      for await (const _ of detector.scoreAll(source())) {
        events.push('judgement');
        judged();
      }
    };
    await expect(all()).rejects.toThrow('unplugged');
    expect(events).toEqual(['image 0', 'judgement', 'image 1', 'judgement']);
    detector.dispose();
  });

  it('ends at once where a judgement is enough, whatever its source waits for', async () => {
    const detector = await Detector.open(model, { device });
    const source = async function* () {
      yield readFileSync(image(0));
      await new Promise(() => {});
    };
    for await (const { score } of detector.scoreAll(source())) {
      expect(score).toBeGreaterThan(0);
      break;
    }
    detector.dispose();
  });

  it('says in its own words what programs without types get wrong', async () => {
    const open = Detector.open as (model: unknown, options?: unknown) => Promise<Detector>;
    await expect(open(new ArrayBuffer(8))).rejects.toThrow(/got a value of ArrayBuffer/);
    await expect(open(model, { device, treshold: 1 })).rejects.toThrow(
      /treshold is 1; expected no option of this name/,
    );
    await expect(open(model, { device, threshold: Number.NaN })).rejects.toThrow(/threshold is NaN; expected a number/);
    await expect(open(model, { device, tile: 1.5 })).rejects.toThrow(
      /tile is 1.5; expected a multiple of 4 from 24 on/,
    );
    const detector = await open(model, { device });
    const judge = detector.score.bind(detector) as (image: unknown) => Promise<unknown>;
    const size = { width: 1, height: 1, channels: 1 };
    await expect(judge('new/1.png')).rejects.toThrow(/An image is the bytes of a file .* got string/);
    await expect(judge(size)).rejects.toThrow(/pixels/);
    await expect(judge({ ...size, pixels: new Int16Array(1) })).rejects.toThrow(
      /got a value of Int16Array for its pixels/,
    );
    const optioned = detector.score.bind(detector) as (image: unknown, options: unknown) => Promise<unknown>;
    await expect(optioned(readFileSync(image(0)), null)).rejects.toThrow(/Detector\.score: the options/);
    await expect(optioned(readFileSync(image(0)), { pictures: 1 })).rejects.toThrow(/pictures is 1; expected/);
    const all = detector.scoreAll.bind(detector) as (images: unknown) => AsyncGenerator;
    await expect(all(null).next()).rejects.toThrow(/one after another/);
    const bytes = readFileSync(image(0));
    const before = judge(bytes);
    bytes.fill(0);
    await expect(before).resolves.toHaveProperty('flagged');
    detector.dispose();
    await expect(judge(readFileSync(image(0)))).rejects.toThrow(/This detector was disposed/);
  });

  it('refuses what is no image, and goes on with the next', async () => {
    const detector = await Detector.open(model, { device });
    const pixels = new Uint8Array(11);
    await expect(detector.score({ width: 2, height: 2, channels: 3, pixels })).rejects.toThrow(
      /width × height × channels/,
    );
    await expect(detector.score(new Uint8Array(20))).rejects.toThrow(/The image is not an image/);
    expect((await detector.score(readFileSync(image(2)))).score).toBeGreaterThan(Number.NEGATIVE_INFINITY);
    detector.dispose();
  });
});
