/** The bits of a code of GIF's compression (LZW) that are known at most, and so the length of the table of codes. */
const MOST_BITS = 12;

/**
 * How many of the pixels that a GIF file announces its first frame holds. libvips gives those that are missing in one colour, without
 * a word.
 *
 * @returns null where the file has no frame, which its decoder says
 */
export function gifFrameExtent(bytes: Uint8Array): { announced: number; held: number } | null {
  const word = (at: number) => (bytes[at] ?? 0) + 256 * (bytes[at + 1] ?? 0);
  let at = 13 + gifTableBytes(bytes[10] ?? 0);
  // Extensions, such as of times and comments, stand in front of the frame.
  while (bytes[at] === 0x21) at = gifBlocksEnd(bytes, at + 2);
  if (bytes[at] !== 0x2c) return null;
  const announced = word(at + 5) * word(at + 7);
  const data = at + 10 + gifTableBytes(bytes[at + 9] ?? 0);
  return { announced, held: pixelsIn(bytes, data + 1, bytes[data] ?? 0, announced) };
}

/** How many bytes a table of colours takes, by the flags that announce it. */
export function gifTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Behind blocks of up to 255 bytes, the last of which is empty. */
export function gifBlocksEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  for (let size = bytes[at] ?? 0; size > 0; size = bytes[at] ?? 0) at += 1 + size;
  return at + 1;
}

/** The bytes of such blocks. */
function* contentOf(bytes: Uint8Array, from: number): Generator<number, void> {
  let at = from;
  for (let size = bytes[at] ?? 0; size > 0; size = bytes[at] ?? 0) {
    yield* bytes.subarray(at + 1, at + 1 + size);
    at += 1 + size;
  }
}

/** Counts the pixels that LZW codes stand for, up to as many as are wanted: of each code how many it stands for is enough. */
function pixelsIn(bytes: Uint8Array, from: number, literalBits: number, wanted: number): number {
  if (literalBits >= MOST_BITS) return 0;
  const clear = 2 ** literalBits;
  const lengths = new Uint32Array(2 ** MOST_BITS).fill(1, 0, clear);
  let [next, width, before] = [clear + 2, literalBits + 1, 0];
  let [held, buffer, bits] = [0, 0, 0];
  for (const byte of contentOf(bytes, from)) {
    buffer |= byte << bits;
    bits += 8;
    while (bits >= width) {
      const code = buffer & (2 ** width - 1);
      buffer >>>= width;
      bits -= width;
      if (code === clear + 1 || code > next || (code === next && before === 0)) return held;
      if (code === clear) {
        [next, width, before] = [clear + 2, literalBits + 1, 0];
        continue;
      }
      const length = code === next ? before + 1 : (lengths[code] ?? 0);
      if (before > 0 && next < 2 ** MOST_BITS) {
        lengths[next] = before + 1;
        next += 1;
        if (next === 2 ** width && width < MOST_BITS) width += 1;
      }
      before = length;
      held += length;
      if (held >= wanted) return wanted;
    }
  }
  return held;
}
