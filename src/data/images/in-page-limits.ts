/** What browsers read otherwise than this program does in Node, and say nothing of: told from the bytes of a file before it is judged. */
import { gifBlocksEnd, gifTableBytes } from './gif.ts';

/** Why a browser would not see an image as Node does; null where it does. */
export function seenOtherwise(bytes: Uint8Array): string | null {
  if (isJpeg(bytes))
    return jpegComponents(bytes) === 4 ? 'its four inks (CMYK) are mixed by the browser in a way of its own' : null;
  if (textAt(bytes, 0, 4) === 'GIF8') return gifFrames(bytes) > 1 ? SEVERAL_FRAMES : null;
  if (textAt(bytes, 0, 4) === 'RIFF' && textAt(bytes, 8, 4) === 'WEBP') return ofWebp(bytes);
  return null;
}

const SEVERAL_FRAMES = 'it holds several frames, of which only the first would be judged';

const textAt = (bytes: Uint8Array, start: number, length: number) =>
  String.fromCharCode(...bytes.subarray(start, start + length));

const isJpeg = (bytes: Uint8Array) => bytes[0] === 0xff && bytes[1] === 0xd8;

/** Of the frame header, SOF0 to SOF15 but for the markers among them that are none (ITU-T T.81, table B.1); 0 where there is none. */
function jpegComponents(bytes: Uint8Array): number {
  for (let at = 2; at + 9 < bytes.length; ) {
    if (bytes[at] !== 0xff) return 0;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      at += 1;
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return bytes[at + 9] ?? 0;
    } else {
      at += 2 + wordAt(bytes, at + 2);
    }
  }
  return 0;
}

const wordAt = (bytes: Uint8Array, at: number) => 256 * (bytes[at] ?? 0) + (bytes[at + 1] ?? 0);

/** Images of a GIF file (GIF89a), counted to two. */
function gifFrames(bytes: Uint8Array): number {
  let at = 13 + gifTableBytes(bytes[10] ?? 0);
  for (let frames = 0; at < bytes.length; ) {
    const kind = bytes[at];
    if (kind === 0x2c) {
      frames += 1;
      if (frames > 1) return frames;
      at += 10 + gifTableBytes(bytes[at + 9] ?? 0) + 1;
    } else if (kind === 0x21) {
      at += 2;
    } else {
      return frames;
    }
    at = gifBlocksEnd(bytes, at);
  }
  return 1;
}

/** By the flags of the chunk VP8X, where a file has it. */
function ofWebp(bytes: Uint8Array): string | null {
  if (textAt(bytes, 12, 4) !== 'VP8X') return null;
  const flags = bytes[20] ?? 0;
  if (flags & 0x02) return SEVERAL_FRAMES;
  return flags & 0x08 ? 'the browser does not turn WebP files as their Exif data say' : null;
}
