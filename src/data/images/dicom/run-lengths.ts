/**
 * Undoes the run lengths of a frame (PS3.5 G): up to 15 segments, each of one byte of every sample, the highest first, one sample of a
 * pixel behind the other.
 *
 * @param count samples of one channel @returns the samples as they would stand in planes, little-endian; null where the frame is damaged
 */
export function undoRunLengths(
  frame: Uint8Array,
  count: number,
  bytesEach: number,
  channels: number,
): Uint8Array | null {
  if (frame.length < HEADER_BYTES) return null;
  const header = new DataView(frame.buffer, frame.byteOffset, HEADER_BYTES);
  if (header.getUint32(0, true) !== bytesEach * channels) return null;
  const samples = new Uint8Array(count * bytesEach * channels);
  for (let segment = 0; segment < bytesEach * channels; segment++) {
    const channel = Math.floor(segment / bytesEach);
    const byte = bytesEach - 1 - (segment % bytesEach);
    const to = channel * count * bytesEach + byte;
    if (!undoSegment(frame, header.getUint32(4 + 4 * segment, true), samples, { to, step: bytesEach, count }))
      return null;
  }
  return samples;
}

const HEADER_BYTES = 64;

function undoSegment(
  frame: Uint8Array,
  from: number,
  samples: Uint8Array,
  { to, step, count }: { to: number; step: number; count: number },
): boolean {
  let done = 0;
  for (let at = from; done < count && at < frame.length; ) {
    const length = frame[at++] ?? 0;
    if (length === 128) continue;
    const isRun = length > 128;
    for (let left = isRun ? 257 - length : length + 1; left > 0 && done < count; left--, done++) {
      const value = frame[isRun ? at : at++];
      if (value === undefined) return false;
      samples[to + step * done] = value;
    }
    if (isRun) at++;
  }
  return done === count;
}
