import { describe, expect, it } from 'vitest';
import type { ImageRef } from '../../src/data/dataset.ts';
import { readDataset } from '../../src/data/layouts.ts';
import { loadImages } from '../../src/data/load.ts';
import { encodePng } from '../../src/data/png.ts';
import { expectRefusal, put, useTemporaryFolder } from './support.ts';

const path = useTemporaryFolder();

function withBroken(count: number): ImageRef[] {
  put(path('abnormal/good.png'));
  put(path('normal/good.png'), encodePng(1, 1, 3, Uint8Array.of(255, 0, 0)));
  for (let i = 0; i < count; i++) put(path(`normal/broken${i}.png`), i === 0 ? '' : 'text');
  return readDataset(path()).images;
}

describe('loadImages', () => {
  it('decodes all in order, to the wanted channels', () => {
    const loaded = loadImages(withBroken(0), 1, { skipBroken: false });
    expect(loaded.map(({ ref, image }) => [ref.file, image.channels, ...image.pixels])).toEqual([
      ['abnormal/good.png', 1, 7],
      ['normal/good.png', 1, 76],
    ]);
  });

  it('refuses broken files together, the first few with their reasons', () => {
    const refs = withBroken(8);
    const load = () => loadImages(refs, 3, { skipBroken: false });
    expectRefusal(load, '8 of 10 images', '--skip-broken', path('normal/broken0.png'), 'empty (0 bytes)', "'text'");
    expectRefusal(load, path('normal/broken4.png'), '3 more');
  });

  it('skips them by choice and tells of each', () => {
    const told: string[] = [];
    const refs = withBroken(2);
    const onBroken = (ref: ImageRef, message: string) => told.push(`${ref.file}: ${message}`);
    const loaded = loadImages(refs, 3, { skipBroken: true, onBroken });
    expect(loaded.map(({ ref }) => ref.file)).toEqual(['abnormal/good.png', 'normal/good.png']);
    expect(told).toEqual([
      expect.stringMatching(/^normal\/broken0\.png: .*empty/),
      expect.stringMatching(/^normal\/broken1\.png: .*text/),
    ]);
  });

  it('refuses when a class is left without any image', () => {
    const refs = withBroken(3).filter((ref) => ref.file !== 'normal/good.png');
    expectRefusal(() => loadImages(refs, 3, { skipBroken: true }), '3 of 4 images', 'no normal image is left');
  });
});
