/** What is done to an input to make another: damage of bytes, and of the words and numbers in texts. */
import fc from 'fast-check';

/** Places and lengths are shares of what is there, so that shrinking keeps them meaningful. */
type Edit =
  | { kind: 'flip'; at: number; bit: number }
  | { kind: 'put'; at: number; bytes: Uint8Array }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'number'; at: number; text: string }
  | { kind: 'value'; at: number; value: unknown }
  | { kind: 'cut'; at: number; length: number }
  | { kind: 'truncate'; at: number }
  | { kind: 'repeat'; at: number; length: number; times: number }
  | { kind: 'splice'; at: number; length: number; other: number; from: number };

/** An input: one of the seeds, and what is done to it, in order. */
export interface Damage {
  seed: number;
  edits: readonly Edit[];
  /** Whether checksums are made to fit again. */
  isMended: boolean;
}

const encode = (text: string) => new TextEncoder().encode(text);

/** What stands for a key or an item that is taken out. */
const NOTHING = '(nothing)';
const VALUES = [NOTHING, null, true, '', 'x', 0, -1, 0.5, 1e300, 2 ** 31, 2 ** 53, [], {}, [[]], [null]];

/** Numbers at which widths, signs and sizes end. */
const NUMBERS = [0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 2 ** 53];

const NUMBER_TEXTS = [
  ...['0', '-0', '-1', '1.5', '1e999', '1e-320', '2147483648', '4294967296', '9007199254740993', '1'.repeat(400)],
  ...['null', 'true', '""', '[]', '{}', '[[]]', '"__proto__"', '"\\u001b[31m"', '"\\ud800"', 'NaN', 'Infinity'],
];

/** What means something to a parser, a path, a terminal or a spreadsheet. */
const WORDS = [
  ...['"', '""', ',', ';', '\t', '\n', '\r', '\r\n', '\0', '#', '{', '}', '[', ']', ':', '\\', '/', '../', '=1+1', '@'],
  ...['__proto__', 'constructor', '\u001b[2J', '\u2028', '\u202e', '\ufeff', 'é', 'e\u0301', '💥', '\ufffd', '--', '-'],
  ...['['.repeat(50_000), '{"a":'.repeat(20_000), 'x'.repeat(5_000)],
];

function numberBytes(value: number, width: number, isLittle: boolean): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  const low = bytes.slice(0, width);
  return isLittle ? low : low.reverse();
}

/** Evenly: left to itself fast-check prefers what is extreme, and would damage little but first bytes. */
const evenly = (most: number) => fc.noBias(fc.nat(2 ** 30 - 1)).map((value) => (most * value) / 2 ** 30);
const share = evenly(1);
const few = evenly(0.1);
const raw = fc.uint8Array({ minLength: 1, maxLength: 8 });
const wide = fc
  .tuple(fc.constantFrom(...NUMBERS), fc.constantFrom(1, 2, 4, 8), fc.boolean())
  .map(([value, width, isLittle]) => numberBytes(value, width, isLittle));
const word = fc.constantFrom(...WORDS).map(encode);
const bytes = fc.oneof(raw, wide, word);

const value: fc.Arbitrary<Edit> = fc.record({
  ...{ kind: fc.constant('value' as const), at: share },
  value: fc.constantFrom(...VALUES),
});

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: share, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('put' as const), at: share, bytes: fc.oneof(raw, wide) }),
  fc.record({ kind: fc.constant('insert' as const), at: share, bytes }),
  fc.record({ kind: fc.constant('number' as const), at: share, text: fc.constantFrom(...NUMBER_TEXTS) }),
  fc.record({ kind: fc.constant('cut' as const), at: share, length: few }),
  fc.record({ kind: fc.constant('truncate' as const), at: share }),
  fc.record({ kind: fc.constant('repeat' as const), at: share, length: few, times: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('splice' as const), at: share, length: few, other: fc.nat(), from: share }),
);

export const damage: fc.Arbitrary<Damage> = fc.record({
  seed: fc.nat(),
  // Text that is still JSON gets further than what is cut anywhere.
  edits: fc.oneof(...[value, edit].map((kind) => fc.array(kind, { minLength: 1, maxLength: 4 }))),
  isMended: fc.boolean(),
});

/** The input that a damage makes of the seeds. */
export function damaged(seeds: readonly Uint8Array[], { seed, edits }: Damage): Uint8Array {
  const pick = (index: number) => seeds[index % seeds.length] ?? new Uint8Array();
  return edits.reduce((input, edit) => edited(input, edit, pick), pick(seed));
}

function edited(input: Uint8Array, edit: Edit, pick: (index: number) => Uint8Array): Uint8Array {
  const at = Math.floor(edit.at * input.length);
  // Of what is long, a short piece; of what is short, at least a byte.
  const lengthOf = (share: number, of: Uint8Array) => Math.max(1, Math.floor(share * Math.min(of.length, 4096)));
  switch (edit.kind) {
    case 'flip': {
      const copy = Uint8Array.from(input);
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << edit.bit);
      return copy;
    }
    case 'put':
      return joined(input.subarray(0, at), edit.bytes, input.subarray(at + edit.bytes.length));
    case 'insert':
      return joined(input.subarray(0, at), edit.bytes, input.subarray(at));
    case 'number': {
      const isDigit = (byte = 0) => byte >= 0x30 && byte <= 0x39;
      const start = input.findIndex((byte, i) => i >= at && isDigit(byte));
      if (start < 0) return input;
      let end = start;
      while (isDigit(input[end])) end += 1;
      return joined(input.subarray(0, start), encode(edit.text), input.subarray(end));
    }
    case 'value':
      return withValue(input, edit) ?? input;
    case 'cut':
      return joined(input.subarray(0, at), input.subarray(at + lengthOf(edit.length, input)));
    case 'truncate':
      return input.subarray(0, at);
    case 'repeat': {
      const piece = input.subarray(at, at + lengthOf(edit.length, input));
      return joined(input.subarray(0, at), ...Array(edit.times).fill(piece), input.subarray(at));
    }
    case 'splice': {
      const other = pick(edit.other);
      const from = Math.floor(edit.from * other.length);
      const piece = other.subarray(from, from + lengthOf(edit.length, other));
      return joined(input.subarray(0, at), piece, input.subarray(at));
    }
  }
}

/** A text of JSON with another value somewhere; null of what is no such text. */
function withValue(input: Uint8Array, { at, value }: { at: number; value: unknown }): Uint8Array | null {
  // Decoding what is long and no text takes longer than reading it.
  if (![0x5b, 0x7b].includes(input[0] ?? 0)) return null;
  let root: unknown;
  try {
    root = JSON.parse(new TextDecoder().decode(input));
  } catch {
    return null;
  }
  const places: [Record<string, unknown>, string][] = [];
  const walk = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, inner] of Object.entries(node)) {
      places.push([node as Record<string, unknown>, key]);
      walk(inner);
    }
  };
  walk(root);
  const [node, key] = places[Math.floor(at * places.length)] ?? [];
  if (!node || key === undefined) return null;
  if (value === NOTHING) delete node[key];
  else node[key] = value;
  return encode(JSON.stringify(root));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
