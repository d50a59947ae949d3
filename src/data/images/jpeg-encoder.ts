import type { DecodedImage } from './decoded-image.ts';
import { CHROMINANCE, type HuffmanTable, type JpegTables, LUMINANCE, ZIGZAG } from './jpeg-tables.ts';

/*
 * Baseline JPEG (ITU-T T.81), colours as YCbCr (JFIF) at full resolution, so that edges of colour stay sharp. jpeg-js encodes too, but
 * takes 25 ms to set itself up anew for each picture, which is over a minute for the pictures of a thousand images.
 */

const BLOCK = 8;
const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);
/** Sixteen coefficients of 0, and no other coefficient in this block. */
const SIXTEEN_ZEROS = 0xf0;
const END_OF_BLOCK = 0;

/** cos((2x + 1) u π / 16) / 2, and 1/√2 of that for u = 0: the discrete cosine transform [u, x]. */
const COSINES = Float64Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return (Math.cos(((2 * x + 1) * u * Math.PI) / 16) / 2) * (u === 0 ? Math.SQRT1_2 : 1);
});

/** Code words and their lengths, by what they stand for. */
interface Code {
  words: Uint16Array;
  lengths: Uint8Array;
}

/** What a component needs while it is coded. */
interface Component {
  samples: Float32Array;
  steps: readonly number[];
  dc: Code;
  ac: Code;
  /** The DC coefficient of the block before. */
  before: number;
}

/**
 * Encodes an image as a JPEG file. The same pixels give the same bytes.
 *
 * @param quality from 1 to 100, on the scale of libjpeg
 */
export function encodeJpeg(image: DecodedImage, quality: number): Buffer {
  const { width, height, channels } = image;
  const kinds = channels === 1 ? [LUMINANCE] : [LUMINANCE, CHROMINANCE, CHROMINANCE];
  const samples = channels === 1 ? [toGray(image)] : toYCbCr(image);
  const components = samples.map((own, i): Component => {
    const { steps, dc, ac } = kinds[i] ?? LUMINANCE;
    return { samples: own, steps: scaledSteps(steps, quality), dc: codeOf(dc), ac: codeOf(ac), before: 0 };
  });
  const bits = new BitWriter();
  const coefficients = new Int16Array(64);
  for (let top = 0; top < height; top += BLOCK) {
    for (let left = 0; left < width; left += BLOCK) {
      for (const component of components) {
        transform(component, width, height, top, left, coefficients);
        writeBlock(bits, component, coefficients);
      }
    }
  }
  return Buffer.concat([header(width, height, kinds, quality), bits.end(), END_OF_IMAGE]);
}

function toGray({ pixels }: DecodedImage): Float32Array {
  return Float32Array.from(pixels, (value) => value - 128);
}

function toYCbCr({ width, height, pixels }: DecodedImage): Float32Array[] {
  const size = width * height;
  const [y, cb, cr] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)];
  for (let i = 0; i < size; i++) {
    const red = pixels[3 * i] ?? 0;
    const green = pixels[3 * i + 1] ?? 0;
    const blue = pixels[3 * i + 2] ?? 0;
    const luma = 0.299 * red + 0.587 * green + 0.114 * blue;
    y[i] = luma - 128;
    cb[i] = (blue - luma) / 1.772;
    cr[i] = (red - luma) / 1.402;
  }
  return [y, cb, cr];
}

/** The samples of one block, and what they have of each frequency along the rows; one for all blocks, since a picture has thousands. */
const block = new Float64Array(64);
const alongRows = new Float64Array(64);

/** The quantised coefficients of a block, into `out` in zigzag order. Beyond the image its last row and column go on. */
function transform(
  { samples, steps }: Component,
  width: number,
  height: number,
  top: number,
  left: number,
  out: Int16Array,
): void {
  for (let i = 0; i < block.length; i++) {
    const row = Math.min(top + (i >> 3), height - 1);
    block[i] = samples[row * width + Math.min(left + (i & 7), width - 1)] ?? 0;
  }
  for (let i = 0; i < alongRows.length; i++) alongRows[i] = dot(block, i & ~7, 1, (i & 7) * BLOCK);
  for (let i = 0; i < out.length; i++) {
    const place = ZIGZAG[i] ?? 0;
    const sum = dot(alongRows, place & 7, BLOCK, place & ~7);
    out[i] = Math.round(sum / (steps[place] ?? 1));
  }
}

/** The product of eight values, `step` apart, with eight cosines. */
function dot(values: Float64Array, start: number, step: number, cosines: number): number {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += (values[start + i * step] ?? 0) * (COSINES[cosines + i] ?? 0);
  return sum;
}

/** Annex F.1.2: the DC coefficient as a difference, then each other one that is not 0, after how many zeros come before it. */
function writeBlock(bits: BitWriter, component: Component, coefficients: Int16Array): void {
  const { dc, ac, before } = component;
  const mean = coefficients[0] ?? 0;
  writeValue(bits, dc, 0, mean - before);
  component.before = mean;
  let zeros = 0;
  for (let i = 1; i < coefficients.length; i++) {
    const value = coefficients[i] ?? 0;
    if (value === 0) {
      zeros++;
      continue;
    }
    for (; zeros >= 16; zeros -= 16) bits.word(ac, SIXTEEN_ZEROS);
    writeValue(bits, ac, zeros, value);
    zeros = 0;
  }
  if (zeros > 0) bits.word(ac, END_OF_BLOCK);
}

/** A word for the zeros before it and its number of bits, then these bits; negative ones are one less, so that they begin with 0. */
function writeValue(bits: BitWriter, code: Code, zeros: number, value: number): void {
  const size = 32 - Math.clz32(Math.abs(value));
  bits.word(code, (zeros << 4) | size);
  bits.write(value < 0 ? value - 1 + (1 << size) : value, size);
}

/** Bits one after another; a byte 0xff is followed by 0, so that no marker comes about. */
class BitWriter {
  private readonly bytes: number[] = [];
  private pending = 0;
  private count = 0;

  word({ words, lengths }: Code, symbol: number): void {
    this.write(words[symbol] ?? 0, lengths[symbol] ?? 0);
  }

  /** @param size at most 16 */
  write(value: number, size: number): void {
    this.pending = (this.pending << size) | value;
    this.count += size;
    while (this.count >= 8) {
      this.count -= 8;
      const byte = (this.pending >> this.count) & 0xff;
      this.bytes.push(byte);
      if (byte === 0xff) this.bytes.push(0);
    }
    this.pending &= (1 << this.count) - 1;
  }

  /** Fills the last byte with ones. */
  end(): Buffer {
    this.write(0x7f, 7);
    return Buffer.from(this.bytes);
  }
}

function scaledSteps(steps: readonly number[], quality: number): number[] {
  const percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  return steps.map((step) => Math.min(255, Math.max(1, Math.floor((step * percent + 50) / 100))));
}

/** Annex C: words of one length follow one another, and a longer one begins with none of them. */
function codeOf({ lengths, values }: HuffmanTable): Code {
  const code: Code = { words: new Uint16Array(256), lengths: new Uint8Array(256) };
  let [word, next] = [0, 0];
  lengths.forEach((count, i) => {
    for (const symbol of values.slice(next, next + count)) {
      code.words[symbol] = word++;
      code.lengths[symbol] = i + 1;
    }
    next += count;
    word <<= 1;
  });
  return code;
}

/** Everything before the pixels. */
function header(width: number, height: number, kinds: readonly JpegTables[], quality: number): Buffer {
  const tables = [...new Set(kinds)];
  const size = (value: number) => [value >> 8, value & 0xff];
  const segment = (marker: number, content: readonly number[]) => [
    ...[0xff, marker, ...size(content.length + 2)],
    ...content,
  ];
  const ids = kinds.map((kind, i) => ({ id: i + 1, table: tables.indexOf(kind) }));
  return Buffer.from([
    ...[0xff, 0xd8],
    // JFIF 1.1, square pixels, no thumbnail.
    ...segment(0xe0, [...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0]),
    ...tables.flatMap(({ steps }, i) => {
      const scaled = scaledSteps(steps, quality);
      return segment(0xdb, [i, ...ZIGZAG.map((place) => scaled[place] ?? 1)]);
    }),
    ...segment(0xc0, [
      8,
      ...size(height),
      ...size(width),
      ids.length,
      ...ids.flatMap(({ id, table }) => [id, 0x11, table]),
    ]),
    ...tables.flatMap(({ dc, ac }, i) => [
      ...segment(0xc4, [i, ...dc.lengths, ...dc.values]),
      ...segment(0xc4, [0x10 | i, ...ac.lengths, ...ac.values]),
    ]),
    ...segment(0xda, [ids.length, ...ids.flatMap(({ id, table }) => [id, (table << 4) | table]), 0, 63, 0]),
  ]);
}
