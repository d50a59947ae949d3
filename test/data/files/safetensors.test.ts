import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type TensorInput } from '../../../src/data/files/safetensors.ts';
import { expectRefusal, randomNumbers, survives } from '../support.ts';

/** A file from a header (an object, or raw text) and its data, written from the format's description. */
function file(header: unknown, data: Uint8Array = new Uint8Array(0)): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Uint8Array.from(Buffer.concat([length, text, data]));
}

/** The same file as other programs write it. */
function withoutChecksums(bytes: Uint8Array): Uint8Array {
  const headerEnd = 8 + Number(Buffer.from(bytes).readBigUInt64LE());
  const { __metadata__, ...tensors } = JSON.parse(Buffer.from(bytes.subarray(8, headerEnd)).toString());
  const { crc32: _, ...metadata } = __metadata__;
  return file({ __metadata__: metadata, ...tensors }, bytes.subarray(headerEnd));
}

const f32 = (shape: unknown, begin: unknown, end: unknown) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

const sample = new Map<string, TensorInput>([
  ['mask', { shape: [3], data: Uint8Array.of(1, 0, 255) }],
  ['model.1.weight', { shape: [2, 1, 1, 2], data: Float32Array.of(1.5, -0, Number.NaN, Number.NEGATIVE_INFINITY) }],
  ['step', { shape: [], data: Int32Array.of(-7) }],
  ['nothing', { shape: [0, 4], data: new Float32Array(0) }],
]);

describe('encodeSafetensors', () => {
  it('gives back what it stored, bit for bit', () => {
    const { tensors, metadata } = decodeSafetensors(encodeSafetensors(sample, { step: '7', text: 'ä"\n' }), 'a');
    expect(metadata).toEqual({ step: '7', text: 'ä"\n' });
    expect([...tensors.keys()].sort()).toEqual([...sample.keys()].sort());
    for (const [name, { shape, data }] of sample) {
      const stored = tensors.get(name);
      expect(stored?.shape).toEqual(shape);
      expect(stored?.data).toEqual(data);
      expect(Object.is(stored?.data[1], data[1])).toBe(true);
    }
    expect(tensors.get('mask')?.dtype).toBe('U8');
    expect(tensors.get('step')?.dtype).toBe('I32');
  });

  it('writes the format: aligned data, one header, the same bytes each time', () => {
    const bytes = encodeSafetensors(sample);
    const headerLength = Number(Buffer.from(bytes).readBigUInt64LE());
    const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + headerLength)).toString());
    expect(headerLength % 8).toBe(0);
    expect(header['model.1.weight']).toEqual({ dtype: 'F32', shape: [2, 1, 1, 2], data_offsets: [0, 16] });
    expect(header.step).toEqual({ dtype: 'I32', shape: [], data_offsets: [16, 20] });
    expect(header.mask).toEqual({ dtype: 'U8', shape: [3], data_offsets: [20, 23] });
    expect(Buffer.from(bytes).readFloatLE(8 + headerLength)).toBe(1.5);
    expect(bytes.length).toBe(8 + headerLength + 23);
    expect(encodeSafetensors(sample)).toEqual(bytes);
  });

  it('notices any bit that has changed, and reads files of others, which have no checksums', () => {
    const bytes = encodeSafetensors(sample, { step: '7' });
    const headerEnd = 8 + Number(Buffer.from(bytes).readBigUInt64LE());
    const flipped = (at: number, bit: number) => bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit));
    for (let at = headerEnd; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++)
        expectRefusal(
          () => decodeSafetensors(flipped(at, bit), 'a'),
          'a is not a complete',
          "tensor '",
          'bits have changed',
        );
    }
    const digit = Buffer.from(bytes).indexOf('"7"') + 1;
    expectRefusal(() => decodeSafetensors(flipped(digit, 0), 'a'), 'its description', 'bits have changed');
    const letter = Buffer.from(bytes).indexOf('"nothing"') + 1;
    expectRefusal(() => decodeSafetensors(flipped(letter, 1), 'a'), "tensor 'lothing'", 'bits have changed');
    for (const crc32 of ['no JSON', '[]', '{"x":"00000000"}'])
      expectRefusal(() => decodeSafetensors(file({ __metadata__: { crc32 } }), 'a'), 'a is not a complete');
    const { tensors, metadata } = decodeSafetensors(withoutChecksums(bytes), 'a');
    expect([tensors.size, metadata]).toEqual([sample.size, { step: '7' }]);
  });

  it('stores a view of a larger array, and reads from an odd offset', () => {
    const view = new Float32Array(10).map((_, i) => i).subarray(3, 5);
    const bytes = encodeSafetensors(new Map([['v', { shape: [2], data: view }]]));
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodeSafetensors(shifted.subarray(1), 'a').tensors.get('v')?.data).toEqual(Float32Array.of(3, 4));
  });

  it('refuses a shape that does not fit the data', () => {
    const wrong = new Map([['conv', { shape: [2, 3], data: new Float32Array(5) }]]);
    expectRefusal(() => encodeSafetensors(wrong), "'conv'", '[2,3]', '6', '5');
  });

  it('refuses what its own decoder would refuse', () => {
    const encode = (data: TensorInput['data'], shape: number[]) => () =>
      encodeSafetensors(new Map([['w', { shape, data }]]));
    expectRefusal(encode(new Float32Array(1), [-1, -1]), "'w'", 'its shape [-1,-1]');
    // @ts-expect-error
    const doubles: Float32Array = new Float64Array(2);
    // @ts-expect-error
    const list: Float32Array = [1, 2];
    for (const data of [doubles, list]) {
      expectRefusal(
        encode(data, [2]),
        "'w'",
        'must be a Float32Array, a Uint16Array of f16, an Int32Array or a Uint8Array',
      );
    }
    // @ts-expect-error
    const metadata: Record<string, string> = { step: 7 };
    expectRefusal(() => encodeSafetensors(new Map(), metadata), "'step'", 'a text was expected, got 7');
  });
});

describe('decodeSafetensors', () => {
  it('widens F16', () => {
    // 1, -2, the largest, the smallest subnormal, -0, one third, infinity, not a number: from IEEE 754's tables.
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x8000, 0x3555, 0x7c00, 0x7e00);
    const half = { half: { dtype: 'F16', shape: [8], data_offsets: [0, 16] } };
    const stored = decodeSafetensors(file(half, new Uint8Array(bits.buffer)), 'a').tensors.get('half');
    expect(stored?.dtype).toBe('F16');
    const expected = [1, -2, 65504, 2 ** -24, -0, 0.333251953125, Number.POSITIVE_INFINITY, Number.NaN];
    expect(stored?.data).toEqual(Float32Array.from(expected));
  });

  it('reads an empty file of tensors', () => {
    expect(decodeSafetensors(file({}), 'a').tensors.size).toBe(0);
  });

  it.each([
    ['no header length', Uint8Array.of(1, 2, 3), '3'],
    ['a header beyond the end', Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 0x7b), '9223372036854775807'],
    ['a header that is no JSON', file('{"a":'), 'not JSON'],
    ['a header that is no text', file('\u0000').fill(0xff, 8), 'not JSON'],
    ['a header that is a list', file([1]), 'JSON object'],
    ['nothing but brackets', file('['.repeat(100000)), 'not JSON'],
    ['an entry that is a number', file({ a: 3 }), "'a'"],
    ['metadata that is no text', file({ __metadata__: { a: 1 } }), '__metadata__'],
    ['a negative shape', file({ a: f32([-1], 0, 4) }, new Uint8Array(4)), 'shape'],
    ['a fractional shape', file({ a: f32([0.5, 2], 0, 4) }, new Uint8Array(4)), 'shape'],
    ['a shape that is no list', file({ a: f32(1, 0, 4) }, new Uint8Array(4)), 'shape'],
    ['a shape larger than its bytes', file({ a: f32([1e9], 0, 4) }, new Uint8Array(4)), '1000000000'],
    ['a shape beyond all numbers', file({ a: f32([1e15, 1e15, 1e300], 0, 4) }, new Uint8Array(4)), 'shape'],
    ['bytes beyond the end', file({ a: f32([2], 0, 8) }, new Uint8Array(4)), '4 bytes of data'],
    ['bytes in the wrong order', file({ a: f32([1], 4, 0) }, new Uint8Array(4)), 'data_offsets'],
    ['no bytes', file({ a: { dtype: 'F32', shape: [1] } }, new Uint8Array(4)), 'data_offsets'],
    ['overlap', file({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, new Uint8Array(8)), "'b'"],
    ['a gap', file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, new Uint8Array(12)), "'b'"],
    ['data that nobody owns', file({ a: f32([1], 0, 4) }, new Uint8Array(8)), '8'],
  ])('refuses %s', (_, bytes, text) => {
    expectRefusal(() => decodeSafetensors(bytes, 'weights.safetensors'), 'weights.safetensors', text);
  });

  it('narrows F64 and widens BF16', () => {
    const doubles = Float64Array.of(Math.PI, -1e-300, 1e300);
    // 1, −2, the largest, the smallest subnormal, infinity, not a number: sign, 8 bits of exponent, 7 of fraction.
    const bits = Uint16Array.of(0x3f80, 0xc000, 0x7f7f, 0x0001, 0xff80, 0x7fc0);
    const header = {
      d: { dtype: 'F64', shape: [3], data_offsets: [0, 24] },
      b: { dtype: 'BF16', shape: [2, 3], data_offsets: [24, 36] },
    };
    const data = Buffer.concat([Buffer.from(doubles.buffer), Buffer.from(bits.buffer)]);
    const { tensors } = decodeSafetensors(file(header, data), 'a');
    expect(tensors.get('d')).toEqual({ dtype: 'F64', shape: [3], data: Float32Array.from(doubles) });
    const largest = 2 ** 127 * (2 - 2 ** -7);
    const expected = [1, -2, largest, 2 ** -133, Number.NEGATIVE_INFINITY, Number.NaN];
    expect(tensors.get('b')).toEqual({ dtype: 'BF16', shape: [2, 3], data: Float32Array.from(expected) });
  });

  it('leaves tensors of other types out and says which', () => {
    const header = {
      count: { dtype: 'I64', shape: [], data_offsets: [0, 8] },
      flag: { dtype: 'BOOL', shape: [2], data_offsets: [8, 10] },
      w: f32([1], 10, 14),
    };
    const { tensors, skipped } = decodeSafetensors(file(header, new Uint8Array(14)), 'a');
    expect([...tensors.keys()]).toEqual(['w']);
    expect(skipped).toEqual(
      new Map([
        ['count', 'I64'],
        ['flag', 'BOOL'],
      ]),
    );
    const short = { count: { dtype: 'I64', shape: [2], data_offsets: [0, 8] } };
    expectRefusal(
      () => decodeSafetensors(file(short, new Uint8Array(8)), 'a'),
      "'count' of I64",
      'cannot take 8 bytes',
    );
  });

  it('refuses element types that the format does not have', () => {
    for (const dtype of ['F33', 'toString', 7]) {
      const other = file({ a: { dtype, shape: [1], data_offsets: [0, 8] } }, new Uint8Array(8));
      expectRefusal(() => decodeSafetensors(other, 'w.safetensors'), 'w.safetensors', "'a'", 'expected F32');
    }
  });

  it('says in short what came, however deep or long it is', () => {
    const text = JSON.stringify({ a: { dtype: '?', shape: [1], data_offsets: [0, 8] } });
    const deep = text.replace('"?"', '['.repeat(100_000) + ']'.repeat(100_000));
    expectRefusal(() => decodeSafetensors(file(deep, new Uint8Array(8)), 'w'), "'a' has the element type a list of 1");
    const long = file({ ['n'.repeat(1e6)]: 3 });
    expectRefusal(() => decodeSafetensors(long, 'w'), "nnn'… (1000000 characters) is not an object");
  });

  it('takes names that are special in JavaScript', () => {
    const stored = decodeSafetensors(
      file(`{"[object Object]":${JSON.stringify(f32([1], 0, 4))}}`, new Uint8Array(4)),
      'a',
    );
    expect([...stored.tensors.keys()]).toEqual(['[object Object]']);
  });

  it('refuses the file cut at any byte', () => {
    const bytes = encodeSafetensors(sample, { step: '7' });
    for (let length = 0; length < bytes.length; length++) {
      expectRefusal(() => decodeSafetensors(bytes.subarray(0, length), 'cut.safetensors'), 'cut.safetensors');
    }
  });

  it('survives random damage without taking memory', () => {
    const original = withoutChecksums(encodeSafetensors(sample, { step: '7' }));
    const random = randomNumbers(1);
    const before = process.memoryUsage().rss;
    let read = 0;
    for (let round = 0; round < 5000; round++) {
      const bytes = Uint8Array.from(original);
      const flips = 1 + Math.floor(random() * 3);
      for (let i = 0; i < flips; i++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      if (survives(() => decodeSafetensors(bytes, 'damaged.safetensors'))) read++;
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 27);
    expect(read).toBeGreaterThan(50);
    expect(read).toBeLessThan(4000);
  });
});
