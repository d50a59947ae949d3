import { expect, it } from 'vitest';
import type { ImageRef } from '../../../src/data/datasets/dataset.ts';
import { type Mask, readMask } from '../../../src/data/images/mask.ts';
import { packMask, unpackMask } from '../../../src/data/images/packed-mask.ts';
import { encodePng } from '../../../src/data/images/png.ts';
import { KeptMasks } from '../../../src/workflow/images/kept-masks.ts';
import { put, useTemporaryFolder } from '../../data/support.ts';
import { readsIn } from '../reads-in.ts';

const path = useTemporaryFolder();

const noise = (width: number, height: number) =>
  encodePng(
    width,
    height,
    1,
    Uint8Array.from({ length: width * height }, () => 255 * Math.round(Math.random())),
  );

async function masked(name: string, width: number, height: number): Promise<{ ref: ImageRef; mask: Mask }> {
  const file = put(path(name), noise(width, height));
  return { ref: { path: path('image'), file: name, label: 'abnormal', mask: file }, mask: await readMask(file) };
}

it('gives each mask once without reading it again, as long as they fit', async () => {
  const all = [await masked('a.png', 37, 21), await masked('b.png', 1, 1), await masked('c.png', 300, 301)];
  const kept = new KeptMasks();
  for (const { ref, mask } of all) kept.keep(ref, mask);
  const reads = await readsIn(path(), async () => {
    for (const { ref, mask } of all) expect(await kept.take(ref)).toEqual(mask);
    expect(await kept.take({ path: 'p', file: 'd.png', label: 'abnormal' })).toBeNull();
  });
  expect([...reads]).toEqual([]);
});

it('reads those again that would take more memory than there is, and has the room of those that were taken', async () => {
  const [first, second, third] = [
    await masked('a.png', 64, 64),
    await masked('b.png', 64, 64),
    await masked('c.png', 64, 64),
  ];
  const kept = new KeptMasks(packMask(first.mask).bits.length + 100);
  kept.keep(first.ref, first.mask);
  kept.keep(second.ref, second.mask);
  const reads = await readsIn(path(), async () => {
    expect(await kept.take(first.ref)).toEqual(first.mask);
    expect(await kept.take(second.ref)).toEqual(second.mask);
    kept.keep(third.ref, third.mask);
    expect(await kept.take(third.ref)).toEqual(third.mask);
  });
  expect([...reads]).toEqual([[path('b.png'), 1]]);
});

it('packs a defect of a photograph into some hundred bytes', () => {
  const [width, height] = [1024, 768];
  const inside = Uint8Array.from({ length: width * height }, (_, i) =>
    Math.hypot((i % width) - 500, Math.floor(i / width) - 300) < 90 ? 1 : 0,
  );
  const packed = packMask({ width, height, inside, between: 7 });
  expect(packed.bits.buffer.byteLength).toBeLessThan(1500);
  const { inside: unpacked, ...rest } = unpackMask(packed);
  expect(rest).toEqual({ width, height, between: 7 });
  expect(Buffer.compare(unpacked, inside)).toBe(0);
});
