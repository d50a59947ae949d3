import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { partOf } from '../../../src/data/datasets/dataset.ts';
import { readDataset } from '../../../src/data/datasets/layouts.ts';
import { decodeImage } from '../../../src/data/images/decode.ts';
import { readMask } from '../../../src/data/images/mask.ts';

const root = fileURLToPath(new URL('../../../data/bsdata_pitting', import.meta.url));

describe('the photographs that ship with the package', () => {
  const dataset = readDataset(root);
  const rows = readFileSync(join(root, 'index.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

  it('have the parts of the source', () => {
    const count = (part: 'train' | 'test', label: string) =>
      partOf(dataset, part).filter((image) => image.label === label).length;
    expect([count('train', 'normal'), count('train', 'abnormal')]).toEqual([98, 79]);
    expect([count('test', 'normal'), count('test', 'abnormal')]).toEqual([56, 43]);
    expect(dataset.images.map(({ part, file }) => `${part} ${file}`).sort()).toEqual(
      rows.map(([part, file]) => `${part} ${file}`).sort(),
    );
  });

  it('show no place in both parts', () => {
    const places = (wanted: string) => new Set(rows.filter(([part]) => part === wanted).map(([, , group]) => group));
    expect([...places('train')].filter((place) => places('test').has(place))).toEqual([]);
    expect([places('train').size, places('test').size]).toEqual([7, 4]);
  });

  it('all decode to 96 × 96 RGB, with a mask of the stated size for each defect', async () => {
    const pixels = new Map(rows.map(([, file, , , , maskPixels]) => [file, Number(maskPixels)]));
    for (const ref of dataset.images) {
      const image = await decodeImage(ref.path);
      expect([image.width, image.height, image.channels]).toEqual([96, 96, 3]);
      expect(ref.mask !== undefined).toBe(ref.label === 'abnormal');
      if (ref.mask === undefined) continue;
      const mask = await readMask(ref.mask);
      expect([mask.width, mask.height, mask.between]).toEqual([96, 96, 0]);
      expect(mask.inside.filter((inside) => inside === 1).length).toBe(pixels.get(ref.file));
      expect(pixels.get(ref.file)).toBeGreaterThan(0);
    }
  });

  it('carry licence and attribution and take at most 4 MB', () => {
    expect(readFileSync(join(root, 'LICENSE'), 'utf8')).toContain('Attribution-ShareAlike 4.0 International');
    expect(readFileSync(join(root, 'README.md'), 'utf8')).toMatch(
      /2Obe\/BSData[\s\S]*Schlagenhauf[\s\S]*What was changed/,
    );
    const sizes = readdirSync(root, { recursive: true, encoding: 'utf8' }).map(
      (name) => statSync(join(root, name)).size,
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4e6);
  });
});
