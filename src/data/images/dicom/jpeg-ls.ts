import { ADVICE, type Announced, checkAnnounced } from './announced.ts';
import { decodeAnnounced } from './decode-announced.ts';
import type { Description } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { loadJpegLs } from './library.ts';
import { segmentsOf } from './segments.ts';

/** What the decoder needs for a sample of up to 16 bits: it has all of them, and a copy. */
export const JPEG_LS_BYTES_EACH = 4;

/** Decodes what JPEG-LS has compressed (T.87). The decoder would not heed tables of what samples mean, and channels of several sizes, which are refused. */
export async function readJpegLs(
  frame: Uint8Array,
  description: Description,
  source: string,
): Promise<{ samples: Uint8Array | Uint16Array; isPlanar: boolean }> {
  const file = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  const announced = announcedBy(file);
  const end = file.lastIndexOf(END);
  // Where data does not end with its marker, the decoder may look for more of it for minutes. A row takes a bit at least.
  if (announced === null || end < 0 || 8 * end < announced.height)
    throw damagedDicom(source, 'its JPEG-LS data is cut off or damaged');
  if (!announced.isEven) throw foreignDicom(source, 'its JPEG-LS data has channels of several sizes', ADVICE);
  if (announced.hasTables) throw foreignDicom(source, 'its JPEG-LS data has tables of what samples mean', ADVICE);
  checkAnnounced(announced, description, 'JPEG-LS', source);
  const how = { name: 'JPEG-LS', bytesEach: JPEG_LS_BYTES_EACH, source };
  const { decoder, samples } = await decodeAnnounced(
    await loadJpegLs(),
    file.subarray(0, end + END.length),
    announced,
    description,
    how,
  );
  return { samples, isPlanar: decoder.getInterleaveMode() === CHANNEL_BY_CHANNEL };
}

const [FRAME, SCAN] = [0xfff7, 0xffda];
const END = Buffer.of(0xff, 0xd9);
const CHANNEL_BY_CHANNEL = 0;

interface JpegLs extends Announced {
  /** Whether all channels have a sample for each pixel. */
  isEven: boolean;
  hasTables: boolean;
}

/** What the segments in front of the first scan say; null where one is missing. */
function announcedBy(file: Buffer): JpegLs | null {
  let frame: Omit<JpegLs, 'hasTables'> | null = null;
  for (const { marker, content } of segmentsOf(file)) {
    if (marker === FRAME) frame = frameOf(content);
    if (marker === SCAN) {
      const tables = Array.from({ length: content[0] ?? 0 }, (_, i) => content[2 + 2 * i]);
      return frame && { ...frame, hasTables: tables.some((table) => table !== 0) };
    }
  }
  return null;
}

function frameOf(content: Buffer): Omit<JpegLs, 'hasTables'> | null {
  if (content.length < 6) return null;
  const [bits, channels] = [content.readUInt8(0), content.readUInt8(5)];
  const sampling = Array.from({ length: channels }, (_, i) => content[7 + 3 * i]);
  return {
    ...{ width: content.readUInt16BE(3), height: content.readUInt16BE(1), channels, bits, isSigned: false },
    isEven: sampling.every((each) => each === sampling[0]),
  };
}
