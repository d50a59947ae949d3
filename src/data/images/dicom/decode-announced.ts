import { ADVICE, type Announced } from './announced.ts';
import { clip } from './clip.ts';
import type { Description } from './description.ts';
import { damagedDicom, foreignDicom } from './faults.ts';
import { JPEG_2000_NEAR, JPEG_LS_NEAR } from './transfer-syntaxes.ts';
import { type Codec, decodeInWasm, OWN_BYTES, type WasmDecoder } from './wasm-decoder.ts';

/**
 * Decompresses a frame whose announcements were found to be those of its file.
 *
 * @param name of the compression @param bytesEach that its decoder needs for a sample
 * @throws CyclopsError for a damaged frame, and one that takes more memory than others of its size
 */
export async function decodeAnnounced<Decoder extends WasmDecoder>(
  codec: Codec<Decoder>,
  frame: Uint8Array,
  { bits }: Announced,
  description: Description,
  { name, bytesEach, source }: { name: string; bytesEach: number; source: string },
): Promise<{ decoder: Decoder; samples: Uint8Array | Uint16Array }> {
  const { width, height, channels, transferSyntax } = description;
  const count = width * height * channels;
  const mostBytes = OWN_BYTES + 4 * frame.length + bytesEach * count;
  const decoded = await decodeInWasm(codec, frame, mostBytes);
  if (decoded === 'full')
    throw foreignDicom(
      source,
      `its ${name} data takes more than ${Math.ceil(mostBytes / 2 ** 20)} MiB to decode`,
      ADVICE,
    );
  if (decoded === 'damaged' || decoded.bytes.length !== (bits > 8 ? 2 : 1) * count)
    throw damagedDicom(source, `its ${name} data is cut off or damaged`);
  const { decoder, bytes } = decoded;
  const samples = bits > 8 ? new Uint16Array(bytes.buffer) : bytes;
  if (transferSyntax === JPEG_2000_NEAR || transferSyntax === JPEG_LS_NEAR) clip(samples, bits, description);
  return { decoder, samples };
}
