import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { decodeImage, openImage } from '../../../src/data/images/decode.ts';
import { seenOtherwise } from '../../../src/data/images/in-page-limits.ts';
import { openLarge } from '../../../src/data/images/large-image.ts';
import { toMask } from '../../../src/data/images/mask.ts';
import { readHeader, readStored } from '../../../src/data/images/read-stored.ts';
import { isSharpFormat } from '../../../src/data/images/stored-image.ts';
import { toLevels } from '../../../src/data/images/value-range.ts';
import { type Element, grayElements, makeDicom } from '../../data/images/dicom/make-dicom.ts';
import { makeTiff } from '../../data/images/make-tiff.ts';
import { type Reader, requireFact } from '../reader.ts';
import { laid } from '../scratch.ts';

/** A small picture with edges, noise and colours, of a kind. */
function picture(channels: 1 | 2 | 3 | 4, isDeep = false): Sharp {
  const [width, height] = [13, 11];
  const values = Array.from({ length: width * height * channels }, (_, i) => (i * 2654435761) % (isDeep ? 65536 : 256));
  const samples = isDeep ? Uint16Array.from(values) : Uint8Array.from(values);
  const image = sharp(samples, { raw: { width, height, channels } });
  return isDeep ? image.toColourspace(channels < 3 ? 'grey16' : 'rgb16') : image;
}

function gray(): Sharp {
  return picture(1).toColourspace('b-w');
}

/** As Windows writes them: 24 bits, the lowest row first. */
function bitmap(): Uint8Array {
  const [width, height, row] = [5, 4, 16];
  const file = Buffer.alloc(54 + row * height);
  file.write('BM', 'latin1');
  for (const [at, value] of [
    [2, file.length],
    [10, 54],
    [14, 40],
    [18, width],
    [22, height],
    [34, row * height],
  ] as const)
    file.writeUInt32LE(value, at);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  return file.map((byte, i) => (i < 54 ? byte : (i * 37) % 256));
}

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../../data/images/${name}`, import.meta.url));
}

function dicom(name: string): Uint8Array {
  return fixture(`dicom/fixtures/${name}.dcm`);
}

/** With a window, a table, and what is said of all frames. */
function scan(): Uint8Array {
  const table: Element[] = [
    [0x00283002, 'US', [4, 0, 12]],
    [0x00283006, 'OW', [0, 500, 1000, 4095]],
  ];
  const shown: Element[] = [
    [0x00281050, 'DS', '900'],
    [0x00281051, 'DS', '500'],
  ];
  const elements = grayElements(
    [3, 2],
    [0, 1, 2, 3, 4, 5],
    [
      [0x00283000, 'SQ', [table]],
      [0x52009229, 'SQ', [[[0x00289132, 'SQ', [shown]]]]],
    ],
  );
  return makeDicom(elements, { syntax: 'implicit' });
}

/** One of each format and kind that is read. */
async function pictures(): Promise<Uint8Array[]> {
  const tiff = (compression: 'none' | 'lzw' | 'deflate' | 'jpeg', image = picture(3)) => image.tiff({ compression });
  return [
    ...(await Promise.all(
      [
        ...[gray().png(), picture(3).png(), picture(4).png(), picture(2).png(), picture(1, true).png()],
        ...[picture(3, true).png(), picture(3).png({ palette: true }), picture(3).png({ progressive: true })],
        ...[gray().jpeg(), picture(3).jpeg(), picture(3).jpeg({ progressive: true, chromaSubsampling: '4:4:4' })],
        ...[picture(3).withMetadata({ orientation: 6 }).jpeg(), picture(3).toColourspace('cmyk').jpeg()],
        ...[picture(3).webp(), picture(4).webp({ lossless: true }), picture(3).gif(), picture(3).avif({ effort: 0 })],
        ...[tiff('none'), tiff('lzw'), tiff('deflate'), tiff('jpeg'), tiff('lzw', picture(1, true))],
        picture(3).tiff({ tile: true, tileWidth: 16, tileHeight: 16 }),
      ].map((image) => image.toBuffer()),
    )),
    makeTiff(3, 2, Float32Array.of(0, 0.2, 0.4, 0.6, 0.8, 1)),
    makeTiff(2, 2, Int16Array.of(-5, 0, 5, 9), { photometric: 0 }),
    bitmap(),
    fixture('fixtures/restart.jpg'),
    ...['plain', 'lossless', 'run-lengths', 'baseline', 'gray-16.j2k', 'colour.j2k', 'tiles.j2k'].map(dicom),
    ...['gray-16.jls', 'edges.jls', 'colour-planes.jls', 'colour-pixels.jls'].map(dicom),
    scan(),
  ];
}

/** Writes the checksum of every chunk anew, as far as chunks can be told. */
function mendPng(input: Uint8Array): Uint8Array {
  const file = Buffer.from(input);
  if (file.toString('latin1', 1, 4) !== 'PNG') return file;
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 8 + file.readUInt32BE(at);
    if (end + 4 > file.length) break;
    file.writeUInt32BE(crc32(file.subarray(at + 4, end)), end);
    at = end + 4;
  }
  return file;
}

/** Pictures as `score`, `serve`, masks and pages take them. */
export const images: Reader = {
  name: 'images',
  weight: 12,
  seeds: pictures,
  mend: mendPng,
  async read(input) {
    requireFact(['string', 'object'].includes(typeof seenOtherwise(input)), 'no word on what browsers see');
    const stored = await readStored(input, 'an input', { oriented: true });
    const { width, height, channels, samples } = stored;
    requireFact(samples.length === width * height * channels, `${samples.length} samples`);
    const mask = toMask(stored);
    requireFact(mask.inside.length === width * height, `a mask of ${mask.inside.length} pixels`);
    const levels = toLevels(stored, 'full', 'an input');
    requireFact(levels.pixels.length === width * height * levels.channels, `${levels.pixels.length} levels`);
    requireFact(
      levels.pixels.every((level) => level >= 0 && level <= 255),
      'a level beyond black and white',
    );
  },
};

/** The same as files, and read in strips as if they were larger. */
export const strips: Reader = {
  name: 'strips',
  weight: 1,
  seeds: pictures,
  mend: mendPng,
  async read(input) {
    const path = `${laid('strips', 'picture', input)}/picture`;
    const header = await readHeader(input, path);
    const whole = await openImage(path, 'full').catch(() => decodeImage(path));
    const { format } = header;
    if (!isSharpFormat(format)) return;
    const large = await openLarge(path, input, { ...header, format }, 'full');
    const strip = await large.rows(0, Math.min(2, large.height));
    requireFact(strip.width === large.width, `a strip of ${strip.width} of ${large.width} columns`);
    requireFact(whole.width > 0 && whole.height > 0, 'an image without pixels');
  },
};
