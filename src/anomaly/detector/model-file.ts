import { readFileSync, statSync } from 'node:fs';
import { architectureOf, parseConfig, type TrainingConfig } from '../../cyclegan/config.ts';
import { countParameters, type Networks } from '../../cyclegan/network-set.ts';
import { type Manifest, NETWORK_NAMES, parseManifest } from '../../cyclegan/run/checkpoint.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { fileError } from '../../data/files/fs-error.ts';
import { entriesOf } from '../../data/files/json-file.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  type TensorInput,
} from '../../data/files/safetensors.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { Calibration } from '../calibration/calibration.ts';
import { parseCalibration } from '../calibration/parse-calibration.ts';

import { buildDetector, type Detector } from './detector.ts';

/** What a model file says of itself, in the metadata of its header: one text of JSON under each name. */
export interface ModelManifest {
  /** Architecture, channels and size are among the options that trained it. */
  config: TrainingConfig;
  manifest: Manifest;
  /** With that of heat maps. */
  calibration: Calibration;
  /** Fingerprints of the images that trained or calibrated it, so that an evaluation can find leaks. */
  seen: string[];
}

/** A model file that was read and checked, and is on no device yet. */
export interface Model extends ModelManifest {
  path: string;
  tensors: ReadonlyMap<string, StoredTensor>;
}

const FORMAT = 'cyclops model 2';

/** What happens to an image before the networks see it; another program has to do the same. */
function preprocessing({ localContrast }: TrainingConfig): string {
  const contrast =
    'v less the mean m of its surroundings over max(s, 2), s their standard deviation, −3.5 to 3.5 become 0 to 255; means are three box means ' +
    'of radius max(1, round(side / 8)) for the shorter side, mirrored at the borders';
  return [
    'alpha dropped',
    'gray repeated, or RGB to ITU-R 601 luma',
    ...(localContrast ? [contrast] : []),
    'bicubic as PIL to loadSize × loadSize',
    'cut to a multiple of 4',
    'v / 127.5 − 1',
  ].join('; ');
}

const MAX_BYTES = 2 ** 31 - 1;

/** Writes all that scoring needs into one file. @throws CyclopsError when it cannot be written */
export async function writeModel(
  path: string,
  { config, manifest, networks }: Detector,
  calibration: Calibration,
  seen: string[],
): Promise<void> {
  const tensors = new Map<string, TensorInput>();
  for (const name of NETWORK_NAMES) {
    for (const [parameter, tensor] of await networks[name].stateDict()) tensors.set(`${name}.${parameter}`, tensor);
  }
  const said: ModelManifest = { config, manifest, calibration, seen };
  const texts = Object.entries(said).map(([name, value]) => [name, JSON.stringify(value)]);
  const metadata = { format: FORMAT, preprocessing: preprocessing(config), ...Object.fromEntries(texts) };
  writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads a model file. Its header is checked against the size of the file before any tensor takes memory, and the
 * architecture that it claims against the tensors that it holds before a device does. Nothing in it is executed.
 *
 * @throws CyclopsError when it is missing, damaged, no model, of another version, or lies about its sizes
 */
export function readModel(path: string): Model {
  const { tensors, metadata } = decodeSafetensors(readBytes(path), path);
  if (metadata.format !== FORMAT) throw otherVersion(path, metadata.format);
  const read = (name: keyof ModelManifest): unknown => {
    try {
      return JSON.parse(metadata[name] ?? '');
    } catch {
      throw damaged(path, `its ${name} is not JSON`);
    }
  };
  const config = parseConfig(read('config'), path);
  if (metadata.preprocessing !== preprocessing(config)) throw otherVersion(path, metadata.format);
  const seen = read('seen');
  if (!Array.isArray(seen) || !seen.every((hash) => typeof hash === 'string')) {
    throw damaged(path, 'seen is not a list of texts');
  }
  requireArchitecture(path, config, tensors);
  return {
    path,
    config,
    manifest: parseManifest(entriesOf(read('manifest')) ?? new Map(), path),
    calibration: parseCalibration(read('calibration'), path),
    seen,
    tensors,
  };
}

/**
 * Puts a model on a device.
 *
 * @param tile as for {@link openDetector} @throws CyclopsError when a tensor is missing, of another shape, or holds NaN
 */
export function loadModel(
  device: Device,
  { path, config, manifest, tensors }: Model,
  tile: number | null = null,
): Detector {
  const load = (networks: Networks) => {
    for (const name of NETWORK_NAMES) {
      const own = [...tensors].filter(([tensor]) => tensor.startsWith(`${name}.`));
      networks[name].loadStateDict(new Map(own.map(([tensor, data]) => [tensor.slice(name.length + 1), data])), path);
    }
  };
  return buildDetector(device, { config, manifest }, load, tile);
}

/** @throws CyclopsError unless the tensors are as many numbers as networks of this architecture hold */
function requireArchitecture(path: string, config: TrainingConfig, tensors: ReadonlyMap<string, StoredTensor>): void {
  const expected = countParameters(architectureOf(config));
  const held = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  if (held === expected) return;
  throw damaged(path, `networks of the size that it claims have ${expected} parameters, it holds ${held}`);
}

function readBytes(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw damaged(path, `it has ${size} bytes, a model at most ${MAX_BYTES}`);
    return readFileSync(path);
  } catch (error) {
    throw fileError(error, 'read', path);
  }
}

function otherVersion(path: string, format: string | undefined): CyclopsError {
  const came = format === undefined ? 'it names none' : `it names '${format}'`;
  return new CyclopsError(
    `${path} is no model of this version: the format '${FORMAT}' with its preprocessing was expected, and ${came}. Give the ` +
      "model.safetensors that 'cyclops train' or 'cyclops calibrate' of this version wrote.",
  );
}

function damaged(path: string, reason: string): CyclopsError {
  return new CyclopsError(`${path} is not a complete model: ${reason}. Write it again with 'cyclops calibrate'.`);
}
