/** A part of data of the JPEG family that says something of it. */
export interface Segment {
  /** Both bytes of it. */
  marker: number;
  /** Where the marker stands. */
  at: number;
  content: Buffer;
}

/**
 * The segments with which data of the JPEG family begins, behind its first marker. Ends where none follows; whoever comes to the data of pixels
 * has to stop there.
 */
export function* segmentsOf(file: Buffer): Generator<Segment> {
  for (let at = 2; at + 4 <= file.length; ) {
    if (file[at] !== 0xff) return;
    const marker = file.readUInt16BE(at);
    // Any number of 255 may stand in front of a marker.
    if (marker === 0xffff) {
      at += 1;
      continue;
    }
    const end = at + 2 + file.readUInt16BE(at + 2);
    yield { marker, at, content: file.subarray(at + 4, end) };
    at = end;
  }
}
