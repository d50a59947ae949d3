import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as DicomParser from 'dicom-parser';
import { CyclopsError } from '../../../gpu/errors.ts';
import type { Codec, WasmDecoder } from './wasm-decoder.ts';

/** Loaded when the first such image comes, as sharp is. @throws CyclopsError when it is not installed */
export async function loadParser(): Promise<typeof DicomParser> {
  const { default: parser } = await import('dicom-parser').catch(() => {
    throw notInstalled('dicom-parser');
  });
  return parser;
}

/** Likewise, for frames that are compressed by JPEG without loss. */
export async function loadLosslessJpeg(): Promise<typeof import('@cornerstonejs/jpeg-lossless-decoder-js')> {
  return import('@cornerstonejs/jpeg-lossless-decoder-js').catch(() => {
    throw notInstalled('@cornerstonejs/jpeg-lossless-decoder-js');
  });
}

type Jpeg2000Decoder = Codec<WasmDecoder>;
type JpegLsDecoder = Codec<WasmDecoder & { getInterleaveMode(): number }>;

let [jpeg2000, jpegLs]: [Promise<Jpeg2000Decoder>?, Promise<JpegLsDecoder>?] = [];

/** Likewise, for frames that are compressed as JPEG 2000. */
export function loadJpeg2000(): Promise<Jpeg2000Decoder> {
  jpeg2000 ??= import('@cornerstonejs/codec-openjpeg/decodewasmjs').then(
    ({ default: make }) => ({
      program: programOf('@cornerstonejs/codec-openjpeg/decodewasm'),
      make: async (hooks) => new (await make(hooks)).J2KDecoder(),
    }),
    () => {
      throw notInstalled('@cornerstonejs/codec-openjpeg');
    },
  );
  return jpeg2000;
}

/** Likewise, for frames that are compressed as JPEG-LS. */
export function loadJpegLs(): Promise<JpegLsDecoder> {
  jpegLs ??= import('@cornerstonejs/codec-charls/decodewasmjs').then(
    ({ default: make }) => ({
      program: programOf('@cornerstonejs/codec-charls/decodewasm'),
      make: async (hooks) => new (await make(hooks)).JpegLSDecoder(),
    }),
    () => {
      throw notInstalled('@cornerstonejs/codec-charls');
    },
  );
  return jpegLs;
}

function programOf(path: string): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(createRequire(import.meta.url).resolve(path)));
}

function notInstalled(name: string): CyclopsError {
  return new CyclopsError(
    `DICOM files are read by the package ${name}, which is not installed. Install it: npm install ${name}.`,
  );
}
