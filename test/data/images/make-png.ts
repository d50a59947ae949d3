import { crc32, deflateSync } from 'node:zlib';

export interface PngPlan {
  width: number;
  height: number;
  /** As in the file: 0 gray, 2 RGB, 3 palette, 4 gray + alpha, 6 RGBA. */
  colorType: 0 | 2 | 3 | 4 | 6;
  depth: 1 | 2 | 4 | 8 | 16;
  interlaced?: boolean;
  palette?: readonly number[];
  /** Chunks to put before the pixels. */
  extra?: readonly { type: string; content: Uint8Array }[];
  /** The sample of a channel at a pixel, in the depth of the file. */
  sample(x: number, y: number, channel: number): number;
}

const SAMPLES = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Writes a PNG from the specification, in any depth and interlaced too, without filters: the oracle of the reader. */
export function makePng(plan: PngPlan): Buffer {
  const extra = plan.extra ?? [];
  const palette = plan.palette ? [{ type: 'PLTE', content: Uint8Array.from(plan.palette) }] : [];
  return assemble([
    { type: 'IHDR', content: header(plan.width, plan.height, plan.depth, plan.colorType, plan.interlaced ? 1 : 0) },
    ...palette,
    ...extra,
    { type: 'IDAT', content: deflateSync(scanlines(plan)) },
    { type: 'IEND', content: new Uint8Array(0) },
  ]);
}

export function header(width: number, height: number, depth: number, colorType: number, interlace: number): Buffer {
  const content = Buffer.alloc(13);
  content.writeUInt32BE(width, 0);
  content.writeUInt32BE(height, 4);
  content.set([depth, colorType, 0, 0, interlace], 8);
  return content;
}

export function assemble(chunks: { type: string; content: Uint8Array }[]): Buffer {
  const encoded = chunks.map(({ type, content }) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), content]);
    const chunk = Buffer.alloc(body.length + 8);
    chunk.writeUInt32BE(content.length, 0);
    chunk.set(body, 4);
    chunk.writeUInt32BE(crc32(body), body.length + 4);
    return chunk;
  });
  return Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), ...encoded]);
}

function scanlines(plan: PngPlan): Buffer {
  // The 8 × 8 pattern of the specification: the pass to which each pixel belongs.
  const pattern = ['16462646', '77777777', '56565656', '77777777', '36463646', '77777777', '56565656', '77777777'];
  const passes = plan.interlaced ? ['1', '2', '3', '4', '5', '6', '7'] : ['all'];
  const rows = passes.flatMap((pass) =>
    Array.from({ length: plan.height }, (_, y) =>
      Array.from({ length: plan.width }, (_, x) => x).filter((x) => pass === 'all' || pattern[y % 8]?.[x % 8] === pass),
    ).flatMap((columns, y) => (columns.length > 0 ? [packRow(plan, columns, y)] : [])),
  );
  return Buffer.concat(rows);
}

function packRow(plan: PngPlan, columns: number[], y: number): Buffer {
  const bits = columns
    .flatMap((x) => Array.from({ length: SAMPLES[plan.colorType] }, (_, channel) => plan.sample(x, y, channel)))
    .map((sample) => sample.toString(2).padStart(plan.depth, '0'))
    .join('');
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from([0, ...bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2))]);
}
