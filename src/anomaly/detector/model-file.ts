import * as v from 'valibot';
import { architectureOf, parseConfig, type TrainingConfig } from '../../cyclegan/config.ts';
import { absentNetworks, type Manifest, manifestSchema } from '../../cyclegan/manifest.ts';
import { NETWORK_NAMES } from '../../cyclegan/network-names.ts';
import { countParameters, type Networks } from '../../cyclegan/network-set.ts';
import { quoted } from '../../data/files/brief.ts';
import { described, parseJson } from '../../data/files/json.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  type TensorInput,
} from '../../data/files/safetensors.ts';
import { hexadecimal, list } from '../../data/files/schema.ts';
import { CONTRAST_PARTS } from '../../data/images/local-contrast.ts';
import { MIRROR_PARTS, PLANE_PARTS } from '../../data/images/planes.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type Calibration, calibrationSchema } from '../calibration/calibration.ts';
import { type DetectorNetworks, prepareNetworks } from './detector-networks.ts';

/** What a model file says of itself, in the metadata of its header: one text of JSON under each name. */
interface ModelManifest {
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
  /** Where it comes from, such as a path. */
  source: string;
  tensors: ReadonlyMap<string, StoredTensor>;
}

const FORMAT = 'cyclops model 2';

const REMEDY = "Write it again with 'cyclops calibrate'.";
const madeBySchema = described(manifestSchema, { holds: 'what made a model', remedy: REMEDY });
const seenSchema = described(list(hexadecimal(16)), { holds: 'fingerprints of images', remedy: REMEDY });

/** What happens to an image before the networks see it; another program has to do the same. */
export function preprocessing({ localContrast, planes, range, preprocessing: version }: TrainingConfig): string {
  const contrast =
    'v less the mean m of its surroundings over max(s, 2), s their standard deviation, −3.5 to 3.5 become 0 to 255; means are three box means ' +
    `of radius max(1, round(side / ${planes ? 'P' : CONTRAST_PARTS})) for the shorter side, mirrored at the borders`;
  const channels = planes?.map((plane) =>
    plane === 'mirror'
      ? `m of P = ${MIRROR_PARTS} less its mirror image over s of P = ${PLANE_PARTS.whole}`
      : `P = ${PLANE_PARTS[plane]}`,
  );
  return [
    ...(version > 1 ? ["turned as Exif's orientation says"] : []),
    ...(range === 'full' ? [] : [`values ${range.min} to ${range.max} become 0 to 255, clamped`]),
    'alpha dropped',
    planes ? 'RGB to ITU-R 601 luma' : 'gray repeated, or RGB to ITU-R 601 luma',
    ...(localContrast ? [contrast] : []),
    ...(channels ? [`three channels, ${channels.join(', ')}: ${contrast}`] : []),
    'bicubic as PIL to loadSize × loadSize',
    'cut to a multiple of 4',
    'v / 127.5 − 1',
  ].join('; ');
}

/** The bytes of a file with all that scoring needs. */
export async function encodeModel(
  { config, manifest, networks }: DetectorNetworks,
  calibration: Calibration,
  seen: string[],
): Promise<Uint8Array> {
  const tensors = new Map<string, TensorInput>();
  for (const name of NETWORK_NAMES) {
    for (const [parameter, tensor] of await networks[name].stateDict()) tensors.set(`${name}.${parameter}`, tensor);
  }
  const said: ModelManifest = { config, manifest, calibration, seen };
  const texts = Object.entries(said).map(([name, value]) => [name, JSON.stringify(value)]);
  return encodeSafetensors(tensors, {
    format: FORMAT,
    preprocessing: preprocessing(config),
    ...Object.fromEntries(texts),
  });
}

/**
 * Reads the bytes of a model file. The header is checked against the number of bytes before a tensor takes memory, and the architecture
 * against the tensors before anything goes to a device. Nothing in it is executed.
 *
 * @param source where they come from, such as a path
 * @throws CyclopsError when they are damaged, no model, of another version, or lie about their sizes
 */
export function decodeModel(bytes: Uint8Array, source: string): Model {
  const { tensors, metadata } = decodeSafetensors(bytes, source);
  if (metadata.format !== FORMAT) throw otherVersion(source, metadata.format);
  const read = <const S extends v.GenericSchema>(name: keyof ModelManifest, schema: S) =>
    parseJson(metadata[name] ?? '', schema, `${source} under '${name}'`);
  const config = parseConfig(read('config', v.unknown()), source);
  if (metadata.preprocessing !== preprocessing(config)) throw otherVersion(source, metadata.format);
  const manifest = read('manifest', madeBySchema);
  requireArchitecture(source, countParameters(architectureOf(config), absentNetworks(manifest)), tensors);
  return {
    source,
    config,
    manifest,
    calibration: read('calibration', calibrationSchema),
    seen: read('seen', seenSchema),
    tensors,
  };
}

/** The calibration in the metadata of a model file; null for one of another version. @throws CyclopsError when it is damaged */
export function calibrationIn(metadata: Readonly<Record<string, string>>, source: string): Calibration | null {
  if (metadata.format !== FORMAT) return null;
  return parseJson(metadata.calibration ?? '', calibrationSchema, `${source} under 'calibration'`);
}

/**
 * Puts a model on a device.
 *
 * @param tile as for {@link prepareNetworks} @throws CyclopsError when a tensor is missing, of another shape, or holds NaN
 */
export function loadModel(
  device: Device,
  { source, config, manifest, tensors }: Model,
  tile: number | null = null,
): DetectorNetworks {
  const load = (networks: Networks) => {
    for (const name of NETWORK_NAMES) {
      const own = [...tensors].filter(([tensor]) => tensor.startsWith(`${name}.`));
      networks[name].loadStateDict(new Map(own.map(([tensor, data]) => [tensor.slice(name.length + 1), data])), source);
    }
  };
  return prepareNetworks(device, { config, manifest }, load, tile);
}

/** @param expected numbers that its networks hold @throws CyclopsError unless the tensors are as many */
function requireArchitecture(source: string, expected: number, tensors: ReadonlyMap<string, StoredTensor>): void {
  const held = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  if (held === expected) return;
  throw damaged(source, `networks of the size that it claims have ${expected} parameters, it holds ${held}`);
}

function otherVersion(source: string, format: string | undefined): CyclopsError {
  const came = format === undefined ? 'it names none' : `it names ${quoted(format)}`;
  return new CyclopsError(
    `${source} is no model of this version: the format '${FORMAT}' with its preprocessing was expected, and ${came}. Give the ` +
      "model.safetensors that 'cyclops train' or 'cyclops calibrate' of this version wrote.",
  );
}

function damaged(source: string, reason: string): CyclopsError {
  return new CyclopsError(`${source} is not a complete model: ${reason}. ${REMEDY}`);
}
