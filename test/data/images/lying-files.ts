/** Image files whose parts disagree about their size, so that a decoder may believe another than was checked. */
import { deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { assemble, header } from './make-png.ts';

/** A side that no image may have, and one that it may. */
const [HUGE, LARGE] = [60_000, 9_999];
const SIDE = 16;

/** Files by name, their bytes few. */
export async function lyingFiles(): Promise<Map<string, Buffer>> {
  const files = [...pngs(), ...(await jpegs()), ...(await gifs()), ...(await webps()), ...tiffs(), ...(await avifs())];
  return new Map(files);
}

type NamedFile = [name: string, file: Buffer];

function pngs(): NamedFile[] {
  const chunk = (type: string, content: Uint8Array) => ({ type, content });
  const own = chunk('IHDR', header(8, 8, 8, 2, 0));
  const pixels = chunk('IDAT', deflateSync(Buffer.alloc(8 * 25)));
  const end = chunk('IEND', new Uint8Array());
  const other = (interlace: number) => chunk('IHDR', header(HUGE, HUGE, 16, 6, interlace));
  const bomb = Buffer.concat([Buffer.from('name\0\0', 'latin1'), deflateSync(Buffer.alloc(2 ** 28))]);
  return [
    ['two headers.png', assemble([own, other(0), pixels, end])],
    ['two headers, interlaced.png', assemble([own, other(1), pixels, end])],
    ['a header among the pixels.png', assemble([own, pixels, other(0), pixels, end])],
    [
      'two headers and a transparent colour.png',
      assemble([own, chunk('tRNS', Buffer.alloc(6)), other(0), pixels, end]),
    ],
    ['a text of 256 MiB.png', assemble([own, chunk('zTXt', bomb), pixels, end])],
    ['a profile of 256 MiB.png', assemble([own, chunk('iCCP', bomb), pixels, end])],
    ['pixels of 256 MiB.png', assemble([own, chunk('IDAT', deflateSync(Buffer.alloc(2 ** 28))), end])],
    ['few pixels.png', assemble([chunk('IHDR', header(LARGE, LARGE, 8, 2, 0)), pixels, end])],
    ['too many bits.png', assemble([chunk('IHDR', header(LARGE, LARGE, 16, 6, 0)), pixels, end])],
  ];
}

const flat = (side: number) =>
  sharp(Buffer.alloc(side * side * 3, 90), { raw: { width: side, height: side, channels: 3 } });

async function jpegs(): Promise<NamedFile[]> {
  const file = await flat(SIDE).jpeg().toBuffer();
  const at = file.indexOf(Buffer.from([0xff, 0xc0]));
  const frame = file.subarray(at, at + 2 + file.readUInt16BE(at + 2));
  const sized = (side: number) => {
    const other = Buffer.from(frame);
    other.writeUInt16BE(side, 5);
    other.writeUInt16BE(side, 7);
    return other;
  };
  const [before, after] = [file.subarray(0, at), file.subarray(at + frame.length)];
  const scan = file.subarray(file.indexOf(Buffer.from([0xff, 0xda])));
  return [
    ['two frames.jpg', Buffer.concat([before, frame, sized(HUGE), after])],
    ['two frames, the larger first.jpg', Buffer.concat([before, sized(HUGE), frame, after])],
    ['a frame behind the scan.jpg', Buffer.concat([file.subarray(0, -2), sized(HUGE), scan])],
    ['a huge frame.jpg', Buffer.concat([before, sized(HUGE), after])],
  ];
}

async function gifs(): Promise<NamedFile[]> {
  const file = await flat(SIDE).gif().toBuffer();
  const image = file.indexOf(Buffer.from([0x2c, 0, 0, 0, 0]));
  const changed = (at: number, side: number): Buffer => {
    const other = Buffer.from(file);
    other.writeUInt16LE(side, at);
    other.writeUInt16LE(side, at + 2);
    return other;
  };
  return [
    ['a huge screen.gif', changed(6, HUGE)],
    ['a huge frame.gif', changed(image + 5, HUGE)],
    ['a frame far away.gif', changed(image + 1, HUGE)],
  ];
}

async function webps(): Promise<NamedFile[]> {
  const file = await flat(SIDE).webp().toBuffer();
  const own = file.subarray(20, 20 + file.readUInt32LE(16));
  const most = Buffer.from(own);
  most.writeUInt16LE(16_383, 6);
  most.writeUInt16LE(16_383, 8);
  const canvas = (side: number, flags = 0) => {
    const content = Buffer.alloc(10);
    content[0] = flags;
    content.writeUIntLE(side - 1, 4, 3);
    content.writeUIntLE(side - 1, 7, 3);
    return riff('VP8X', content);
  };
  const frame = (side: number, content: Buffer) => {
    const head = Buffer.alloc(16);
    head.writeUIntLE(side - 1, 6, 3);
    head.writeUIntLE(side - 1, 9, 3);
    return riff('ANMF', Buffer.concat([head, riff('VP8 ', content)]));
  };
  const whole = (...chunks: Buffer[]) => riff('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks]));
  const animation = riff('ANIM', Buffer.alloc(6));
  return [
    ['a huge canvas.webp', whole(canvas(HUGE), riff('VP8 ', own))],
    ['a large canvas.webp', whole(canvas(LARGE), riff('VP8 ', own))],
    ['a large image on a small canvas.webp', whole(canvas(SIDE), riff('VP8 ', most))],
    ['a large image without its pixels.webp', whole(riff('VP8 ', most))],
    ['two images.webp', whole(riff('VP8 ', own), riff('VP8 ', most))],
    ['a large frame.webp', whole(canvas(SIDE, 2), animation, frame(16_383, most))],
    ['a huge canvas of a frame.webp', whole(canvas(HUGE, 2), animation, frame(SIDE, own))],
  ];
}

function riff(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, content, Buffer.alloc(content.length % 2)]);
}

function tiffs(): NamedFile[] {
  const plain = new Map([
    ...([
      [256, SIDE],
      [257, SIDE],
      [258, 8],
      [259, 1],
      [262, 1],
    ] as const),
    ...([
      [273, 8],
      [277, 1],
      [278, SIDE],
      [279, SIDE * SIDE],
    ] as const),
  ]);
  const data = Buffer.alloc(SIDE * SIDE, 7);
  const file = (tags: readonly (readonly [number, number])[], more: readonly (readonly [number, number])[] = []) => {
    const entries = [...new Map([...plain, ...tags]), ...more].sort(([a], [b]) => a - b);
    const head = Buffer.alloc(8);
    head.write('II*\0', 'latin1');
    head.writeUInt32LE(8 + data.length, 4);
    const directory = Buffer.alloc(2 + 12 * entries.length + 4);
    directory.writeUInt16LE(entries.length, 0);
    for (const [i, [tag, value]] of entries.entries()) {
      directory.writeUInt16LE(tag, 2 + 12 * i);
      directory.writeUInt16LE(4, 4 + 12 * i);
      directory.writeUInt32LE(1, 6 + 12 * i);
      directory.writeUInt32LE(value, 10 + 12 * i);
    }
    return Buffer.concat([head, data, directory]);
  };
  const tiles = (side: number) =>
    file([
      [322, side],
      [323, side],
      [324, 8],
      [325, data.length],
    ]);
  return [
    [
      'huge.tif',
      file([
        [256, HUGE],
        [257, HUGE],
        [278, HUGE],
      ]),
    ],
    [
      'few pixels.tif',
      file([
        [256, LARGE],
        [257, LARGE],
        [278, LARGE],
      ]),
    ],
    ['a strip of 4 GiB.tif', file([[279, 0xfffffff0]])],
    ['a strip of 4294967295 rows.tif', file([[278, 0xffffffff]])],
    [
      'many samples.tif',
      file([
        [256, LARGE],
        [257, LARGE],
        [277, HUGE],
      ]),
    ],
    [
      'two sizes.tif',
      file(
        [],
        [
          [256, HUGE],
          [257, HUGE],
        ],
      ),
    ],
    ['huge tiles.tif', tiles(HUGE)],
    ['large tiles.tif', tiles(16_384)],
  ];
}

async function avifs(): Promise<NamedFile[]> {
  const file = await flat(64).avif().toBuffer();
  const at = file.indexOf('ispe', 0, 'latin1');
  const sized = (side: number) => {
    const other = Buffer.from(file);
    other.writeUInt32BE(side, at + 8);
    other.writeUInt32BE(side, at + 12);
    return other;
  };
  return [
    ['an extent that libvips does not count.avif', sized(2 ** 29)],
    ['a huge extent.avif', sized(HUGE)],
    ['a large extent.avif', sized(LARGE)],
    ['a small extent.avif', sized(SIDE)],
  ];
}
