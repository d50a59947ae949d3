import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { mapName, scoreName, thresholdOption } from '../anomaly/detector/detector-options.ts';
import { writeFileAtomic } from '../data/files/atomic.ts';
import { fileError } from '../data/files/fs-error.ts';
import { readModelFile } from './common/model.ts';
import { checkOptions, path } from './common/options.ts';
import { UsageError } from './common/usage-error.ts';
import { detectorGraph } from './onnx/detector-graph.ts';
import { encodeOnnx, producerBytes } from './onnx/proto.ts';

export interface ExportOnnxOptions {
  /** Model file, or run folder with one. */
  model: string;
  /** Where to write. A file that is there is written over only if it is such a one. */
  file: string;
  /** The score that decides, by its name or as map and pooling, such as `residual5.max`; the one that calibration chose unless it is given. */
  by?: string | undefined;
  /** Flag from this score on, instead of the calibrated threshold. */
  threshold?: number | undefined;
  /** The map that the heat map is, one of those that were calibrated; the one that calibration chose unless it is given. */
  map?: string | undefined;
}

/** What was written, and by what it judges. */
export interface ExportedOnnx {
  bytes: number;
  /** Name of the score that decides. */
  by: string;
  /** An image is flagged when its score is at least this. */
  threshold: number;
  /** Name of the map that the heat map is. */
  map: string;
}

/**
 * Writes a model as an ONNX graph that takes samples of images and gives reconstruction, heat map, score and flag. Needs no device.
 *
 * @throws UsageError where another file is there already
 * @throws CyclopsError for a model that cannot be read, for a score or a map that it does not have or that ONNX cannot express, and where
 * the file cannot be written
 */
export function exportOnnx(options: ExportOnnxOptions): ExportedOnnx {
  const names = { by: scoreName, threshold: thresholdOption, map: mapName };
  checkOptions('exportOnnx', options, { model: path, file: path, ...names });
  const { model, file, ...asked } = options;
  requireOwn(file);
  const { onnx, judging } = detectorGraph(readModelFile(model), asked);
  const bytes = encodeOnnx(onnx);
  writeFileAtomic(file, bytes);
  return { bytes: bytes.length, ...judging };
}

/** @throws UsageError when there is a file that this program did not write as ONNX */
function requireOwn(file: string): void {
  const there = statSync(file, { throwIfNoEntry: false });
  // What is no file is refused where it is written.
  if (!there?.isFile()) return;
  const own = producerBytes();
  if (own.every((byte, i) => byte === beginningOf(file, own.length)[i])) return;
  throw new UsageError(
    `${file} is there already, and is no ONNX file of this program: it stays as it is. Name another file, or remove this one.`,
  );
}

function beginningOf(file: string, bytes: number): Uint8Array {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const beginning = new Uint8Array(bytes);
      return beginning.subarray(0, readSync(descriptor, beginning));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw fileError(error, 'read', file);
  }
}
