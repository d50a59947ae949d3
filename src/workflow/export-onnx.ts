import { mapName, scoreName, thresholdOption } from '../anomaly/detector/detector-options.ts';
import { writeFileAtomic } from '../data/files/atomic.ts';
import { readModelFile } from './common/model.ts';
import { checkOptions, path } from './common/options.ts';
import { type OutputKind, requireOutput } from './common/outputs.ts';
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
  requireOutput('--onnx', file, GRAPH);
  const { onnx, judging } = detectorGraph(readModelFile(model), asked);
  const bytes = encodeOnnx(onnx);
  writeFileAtomic(file, bytes);
  return { bytes: bytes.length, ...judging };
}

const GRAPH: OutputKind = {
  what: 'an ONNX file',
  isOwn: (beginning) => producerBytes().every((byte, i) => byte === beginning[i]),
};
