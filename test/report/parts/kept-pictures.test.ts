import { describe, expect, it } from 'vitest';
import { KeptPictures, type PicturedImage } from '../../../src/report/parts/kept-pictures.ts';
import type { Pictures } from '../../../src/report/parts/pictures.ts';

const THRESHOLD = 0.5;

/** Three pictures of so many bytes each, a multiple of 3: in the page they take 4 times as much. */
function pictures(bytes: number): Pictures {
  const picture = { type: 'image/jpeg', width: 1, height: 1, bytes: Buffer.alloc(bytes) } as const;
  return { input: picture, reconstruction: picture, heatmap: picture };
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const missed = (i: number): PicturedImage => ({ ...image(`missed-${i}`, 'missed'), score: 0.4 - i / 1000 });
const falseAlarm = (i: number): PicturedImage => ({ ...image(`alarm-${i}`, 'false alarm'), score: 0.6 + i / 1000 });
const other = (i: number): PicturedImage => ({ ...image(`other-${i}`, 'correct'), score: 0.1 });
function image(file: string, verdict: PicturedImage['verdict']) {
  return { file, verdict, threshold: THRESHOLD };
}
const list = (count: number, of: (i: number) => PicturedImage) => Array.from({ length: count }, (_, i) => of(i));

/** A budget that pictures of so many images fill, each image of 120 bytes in the page. */
async function keep(images: readonly PicturedImage[], room: number): Promise<{ kept: KeptPictures; encoded: number }> {
  const kept = new KeptPictures(room * 120 + 60);
  let encoded = 0;
  for (const one of images) {
    await kept.add(one, () => {
      encoded++;
      return Promise.resolve(pictures(30));
    });
    expect(kept.report().bytes).toBeLessThanOrEqual(room * 120 + 60);
  }
  return { kept, encoded };
}

describe('pictures up to a budget', async () => {
  it('are of all misses and false alarms among 2,000 images in any order', async () => {
    const images = shuffled([...list(40, missed), ...list(60, falseAlarm), ...list(1900, other)]);
    const { kept } = await keep(images, 250);
    const files = [...kept.pictures.keys()];
    expect(files.filter((file) => file.startsWith('missed'))).toHaveLength(40);
    expect(files.filter((file) => file.startsWith('alarm'))).toHaveLength(60);
    expect(files).toHaveLength(250);
    expect(kept.report()).toEqual({
      ...{ budget: 250 * 120 + 60, bytes: 250 * 120 },
      kept: { missed: 40, falseAlarms: 60, others: 150 },
      leftOut: { missed: 0, falseAlarms: 0, others: 1750 },
    });
  });

  it('are of misses and false alarms that come last of all', async () => {
    const { kept } = await keep([...list(1990, other), ...list(5, missed), ...list(5, falseAlarm)], 10);
    expect(kept.report().kept).toEqual({ missed: 5, falseAlarms: 5, others: 0 });
  });

  it('are of the worst where there is no room for all misses and false alarms', async () => {
    const { kept } = await keep(shuffled([...list(10, missed), ...list(10, falseAlarm), ...list(10, other)]), 14);
    expect([...kept.pictures.keys()].sort()).toEqual(
      [...list(10, missed), ...list(10, falseAlarm).slice(6)].map(({ file }) => file).sort(),
    );
    const { kept: fewer } = await keep(shuffled(list(10, missed)), 3);
    expect([...fewer.pictures.keys()]).toEqual(['missed-9', 'missed-8', 'missed-7']);
  });

  it('are of others evenly spread over all of them', async () => {
    const { kept } = await keep(list(1000, other), 100);
    const numbers = [...kept.pictures.keys()].map((file) => Number(file.slice('other-'.length))).sort((a, b) => a - b);
    const gaps = numbers.slice(1).map((number, i) => number - (numbers[i] ?? 0));
    expect(numbers).toHaveLength(100);
    expect(Math.max(...gaps)).toBeLessThan(25);
    expect(numbers.filter((number) => number < 500).length).toBeGreaterThan(45);
  });

  it('are encoded for few images more than have room', async () => {
    expect((await keep(list(2000, other), 100)).encoded).toBeLessThan(600);
  });

  it('are counted where there are none', async () => {
    const kept = new KeptPictures(0);
    for (const one of [missed(1), falseAlarm(1), other(1), other(2)]) kept.leaveOut(one);
    expect(kept.report()).toMatchObject({ bytes: 0, leftOut: { missed: 1, falseAlarms: 1, others: 2 } });
  });
});
