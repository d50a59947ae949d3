import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { ImageRef } from '../../src/data/datasets/dataset.ts';
import { encodePng } from '../../src/data/images/png.ts';
import { readCompanions } from '../../src/workflow/images/companions.ts';
import { put, useTemporaryFolder } from '../data/support.ts';

const path = useTemporaryFolder();

const gray = (width: number, height: number) =>
  sharp(new Uint8Array(width * height), { raw: { width, height, channels: 1 } });

function ref(name: string, image: Uint8Array, mask: Uint8Array, maskName = `${name}.mask.png`): ImageRef {
  const paths = { path: put(path(name), image), mask: put(path(maskName), mask) };
  return { ...paths, file: name, label: 'abnormal' };
}

const maskOf = (width: number, height: number) =>
  encodePng(width, height, 1, new Uint8Array(width * height).fill(255, 0, width));

it('refuses a mask that lies otherwise than its image is shown, and takes one of another size', async () => {
  const turned = await gray(40, 24).withMetadata({ orientation: 6 }).jpeg().toBuffer();
  const plain = await gray(40, 24).jpeg().toBuffer();
  const [asStored, asShown] = [maskOf(40, 24), maskOf(24, 40)];
  const check = (refs: ImageRef[], skip = false, warn?: (line: string) => void) => readCompanions(refs, skip, warn);

  await expect(check([ref('a.jpg', turned, asStored)])).rejects.toThrow(
    /mask .*a\.jpg\.mask\.png has 40 × 24 pixels, but its image 24 × 40 as it is shown: expected the same shape\. .*Exif/,
  );
  const fine = [ref('b.jpg', turned, asShown), ref('c.jpg', plain, asStored), ref('d.jpg', plain, maskOf(20, 12))];
  expect((await check(fine)).refs).toEqual(fine);
  const lines: string[] = [];
  const { refs: left } = await check([...fine, ref('a.jpg', turned, asStored)], true, (line) => lines.push(line));
  expect(left.map(({ mask }) => mask !== undefined)).toEqual([true, true, true, false]);
  expect(lines.join()).toMatch(/left out: the mask/);
});

it('counts masks that JPEG has smeared, once', async () => {
  const [width, height] = [64, 64];
  const line = Uint8Array.from({ length: width * height }, (_, i) => (i % 65 === 0 ? 255 : 0));
  const smeared = await sharp(line, { raw: { width, height, channels: 1 } })
    .jpeg({ quality: 60 })
    .toBuffer();
  const image = encodePng(width, height, 1, line);
  const warnings: string[] = [];
  const refs = [
    ref('a.png', image, smeared, 'a.jpg'),
    ref('b.png', image, smeared, 'b.jpg'),
    ref('c.png', image, encodePng(width, height, 1, line)),
  ];
  await readCompanions(refs, false, (warning) => warnings.push(warning));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^2 masks have many pixels between black and white, such as .*a\.jpg with \d+/);
});
