/** Markers that no length follows: those that restart, what begins a picture, and TEM. */
const STANDALONE = (marker: number) => (marker >= 0xd0 && marker <= 0xd8) || marker === 0x01;
const [START_OF_SCAN, END_OF_IMAGE] = [0xda, 0xd9];

/**
 * How often a JPEG file goes over its pixels: a progressive one some ten times, to refine them, and one that was made to keep a decoder busy
 * thousands of times, in a few bytes each. Counted by their headers; what stands in other segments, as a small picture in that of Exif, counts not.
 */
export function jpegScans(bytes: Uint8Array): number {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let scans = 0;
  for (let at = file.indexOf(0xff, 2); at >= 0 && at + 1 < file.length; at = file.indexOf(0xff, at)) {
    const marker = file[at + 1] ?? 0;
    if (marker === END_OF_IMAGE) break;
    if (marker === START_OF_SCAN) scans += 1;
    // In the data of a scan 255 is followed by 0, and between segments any number of 255 may stand.
    if (marker === 0xff) at += 1;
    else if (marker === 0 || STANDALONE(marker) || at + 4 > file.length) at += 2;
    else at += 2 + file.readUInt16BE(at + 2);
  }
  return scans;
}
