import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { scoresFor } from '../anomaly/scores/list.ts';
import { architectureOf, parseConfig, type TrainingConfig } from '../cyclegan/config.ts';
import type { ImportedFile, Manifest } from '../cyclegan/manifest.ts';
import { NETWORK_NAMES, NETWORK_WORDS, type NetworkName } from '../cyclegan/network-names.ts';
import { countParameters, makeNetworks, type Networks } from '../cyclegan/network-set.ts';
import { REFERENCE } from '../cyclegan/presets.ts';
import {
  type AdoptedDiscriminator,
  type AdoptedGenerator,
  adoptDiscriminator,
  adoptGenerator,
  type ForeignWeights,
} from '../cyclegan/reference-weights.ts';
import { saveImported } from '../cyclegan/run/checkpoint.ts';
import { createRun, inRun, runFolder } from '../cyclegan/run/run-folder.ts';
import { type ByteSource, withFile } from '../data/files/file-bytes.ts';
import { decodeSafetensors } from '../data/files/safetensors.ts';
import { readStateDict } from '../data/files/torch/state-dict.ts';
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Listener } from './common/listener.ts';
import { checkOptions, number, path, pathOption, RUNNING } from './common/options.ts';
import { UsageError } from './common/usage-error.ts';
import { versions } from './common/versions.ts';
import { type DeviceOption, withDevice } from './common/with-device.ts';

export interface ImportOptions extends Pick<DeviceOption, 'device'>, Pick<Listener, 'onWarning'> {
  /** File of the generator from abnormal to normal: a state dict of the reference as `.pth`, or `.safetensors`. */
  generator: string;
  /** The generator from normal to abnormal. */
  generatorBack?: string | undefined;
  /** The discriminators of normal and of abnormal images. */
  discriminatorNormal?: string | undefined;
  discriminatorAbnormal?: string | undefined;
  /** Folder of the run, new or empty. */
  out: string;
  /** Side in pixels to which images are resized, which weights do not say; {@link IMPORTED_LOAD_SIZE} unless told otherwise. */
  loadSize?: number | undefined;
}

/** The size at which the reference judges images unless told otherwise. */
export const IMPORTED_LOAD_SIZE = 256;

export interface ImportedRun {
  /** Absolute path of the run folder. */
  run: string;
  config: TrainingConfig;
  /** Of each network what was found in its file, in sentences for people. */
  networks: { name: NetworkName; file: string; remarks: string[] }[];
  /** What was not given, by its name and what it is, and so what the run cannot do. */
  absent: { name: NetworkName; is: string }[];
  /** Scores, and maps in their names, that cannot be made. */
  lostScores: string[];
}

/** Hashing and hence reading in pieces of so many bytes. */
const PIECE = 2 ** 22;
const LARGEST = 2 ** 31 - 1;

/**
 * Makes a run folder of weights of the reference implementation. The architecture follows from their shapes. Networks that are not given
 * are absent: what needs them is not scored.
 *
 * @throws UsageError for options that cannot be @throws CyclopsError for files that cannot be read, or hold other networks
 */
export async function importWeights(options: ImportOptions): Promise<ImportedRun> {
  const { device, loadSize = IMPORTED_LOAD_SIZE, out, onWarning } = options;
  checkOptions('importWeights', options, {
    ...{
      device: RUNNING.device,
      onWarning: RUNNING.onWarning,
      generator: path,
      generatorBack: pathOption,
      discriminatorNormal: pathOption,
    },
    ...{ discriminatorAbnormal: pathOption, out: path, loadSize: number },
  });
  const generator = (file: string) => readForeign(file, adoptGenerator);
  const discriminator = (file: string) => readForeign(file, adoptDiscriminator);
  const given = {
    G_A: generator(options.generator),
    G_B: options.generatorBack === undefined ? null : generator(options.generatorBack),
    D_A: options.discriminatorNormal === undefined ? null : discriminator(options.discriminatorNormal),
    D_B: options.discriminatorAbnormal === undefined ? null : discriminator(options.discriminatorAbnormal),
  };
  const config = configOf(given, loadSize);
  const found = NETWORK_NAMES.flatMap((name) => (given[name] ? [{ name, ...given[name] }] : []));
  const absent = NETWORK_NAMES.filter((name) => !given[name]);
  for (const part of found) requireHeld(part, config);
  const { run, lostScores } = await withDevice({ device }, async (used) => {
    const networks = makeNetworks(used, architectureOf(config), config.seed, absent);
    try {
      for (const { name, source, network } of found) networks[name].loadStateDict(network.tensors, source.file);
      const present = Object.fromEntries(found.map(({ name }) => [name, networks[name]]));
      const imported = Object.fromEntries(found.map(({ name, source }) => [name, source]));
      const run = runFolder(out);
      await inRun(run, onWarning, async () => {
        createRun(out);
        await saveImported(run.checkpoint, present, {
          config,
          manifest: manifestOf(used, imported),
          position: { step: 0, stepsPerEpoch: 1, poolDraws: 0, seconds: 0 },
          kernels: {},
        });
      });
      return { run, lostScores: lostBy(networks) };
    } finally {
      for (const network of Object.values(networks)) network.dispose();
    }
  });
  return {
    ...{ run: run.root, config, lostScores },
    networks: found.map(({ name, source, network }) => ({ name, file: source.file, remarks: network.remarks })),
    absent: absent.map((name) => ({ name, is: NETWORK_WORDS[name] })),
  };
}

interface Read<N> {
  source: ImportedFile;
  network: N;
}

type Given = Record<'G_A', Read<AdoptedGenerator>> &
  Record<'G_B', Read<AdoptedGenerator> | null> &
  Record<'D_A' | 'D_B', Read<AdoptedDiscriminator> | null>;

/** Reads a file of weights, safetensors by its ending and PyTorch's own otherwise. */
function readForeign<N>(file: string, adopt: (weights: ForeignWeights, source: string) => N): Read<N> {
  return withFile(file, (bytes) => {
    const weights = file.endsWith('.safetensors') ? readSafetensors(bytes) : readStateDict(bytes);
    return { source: { file: resolve(file), sha256: hashOf(bytes) }, network: adopt(weights, file) };
  });
}

function readSafetensors(bytes: ByteSource): ForeignWeights {
  const { name, size } = bytes;
  if (size > LARGEST)
    throw new CyclopsError(`${name} has ${size} bytes; one network takes at most ${LARGEST}. Give the weights of one.`);
  const { tensors, skipped } = decodeSafetensors(bytes.read(0, size), name);
  const kept = new Map<string, { shape: number[]; data: Float32Array<ArrayBuffer> }>();
  const left = new Map(skipped);
  for (const [key, { dtype, shape, data }] of tensors) {
    if (data instanceof Float32Array) kept.set(key, { shape, data });
    else left.set(key, dtype);
  }
  return { tensors: kept, skipped: left };
}

function hashOf({ size, read }: ByteSource): string {
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += PIECE) hash.update(read(at, Math.min(PIECE, size - at)));
  return hash.digest('hex');
}

/** The reference's options with the sizes that the weights have. @throws CyclopsError when they do not fit together */
function configOf({ G_A, G_B, D_A, D_B }: Given, loadSize: number): TrainingConfig {
  const { channels, ngf, blocks } = G_A.network;
  if (G_B) requireAlike(G_A, G_B, ['channels', 'ngf', 'blocks']);
  if (D_A && D_B) requireAlike(D_A, D_B, ['ndf', 'layers']);
  for (const other of [D_A, D_B]) if (other) requireAlike(G_A, other, ['channels']);
  if (D_B?.network.netD === 'unet') {
    throw new CyclopsError(
      `${D_B.source.file} holds a segmenter, and those judge normal images. Give it as the discriminator of normal images.`,
    );
  }
  const { ndf, layers } = (D_A ?? D_B)?.network ?? { ndf: REFERENCE.ndf, layers: REFERENCE.nLayersD };
  const netD = D_A?.network.netD ?? REFERENCE.netD;
  const crop = Math.min(IMPORTED_LOAD_SIZE, loadSize);
  const config = {
    ...{ ...REFERENCE, inputNc: channels, ngf, blocks, netD, ndf, nLayersD: layers },
    ...{ loadSize, cropSize: crop - (crop % 4) },
    // From which a segmenter would go on learning.
    ...(netD === 'unet' && { domainCrops: 4 }),
  };
  // The size is the user's; what else can be wrong is the weights'.
  const usual = { ...config, loadSize: IMPORTED_LOAD_SIZE, cropSize: IMPORTED_LOAD_SIZE };
  parseConfig(usual, G_A.source.file);
  try {
    return parseConfig(config, 'the options');
  } catch (error) {
    if (error instanceof CyclopsError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * The first layer and a name say how large a network is. One that claims far more than its file holds is refused before it takes memory;
 * what is missing of others is told when they are loaded.
 */
function requireHeld(
  { name, source, network }: { name: NetworkName } & Read<AdoptedGenerator | AdoptedDiscriminator>,
  config: TrainingConfig,
): void {
  const others = NETWORK_NAMES.filter((other) => other !== name);
  const expected = countParameters(architectureOf(config), others);
  const held = [...network.tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  if (2 * held >= expected) return;
  throw new CyclopsError(
    `${source.file} is not complete: a network of the size that its first layer and its names say has ${expected} parameters, and it holds ` +
      `${held}. Give the whole state dict of one network.`,
  );
}

function requireAlike<K extends string>(
  a: Read<Record<K, number>>,
  b: Read<Record<K, number>>,
  sizes: readonly K[],
): void {
  for (const size of sizes) {
    const [of, other] = [a.network[size], b.network[size]];
    if (of === other) continue;
    throw new CyclopsError(
      `${a.source.file} has ${size} ${of} and ${b.source.file} ${other}; networks of one model were expected, which have the same. Give ` +
        'files of one training.',
    );
  }
}

function manifestOf(device: Device, imported: Partial<Record<NetworkName, ImportedFile>>): Manifest {
  return {
    ...{ versions: versions(), device: device.info.name, created: new Date().toISOString() },
    // Nobody noted which images trained them.
    ...{ dataHash: 'unknown', imported },
  };
}

/** The scores that a model of all networks would have, and these have not. */
function lostBy(networks: Networks): string[] {
  const names = (of: Parameters<typeof scoresFor>[0]) => scoresFor(of).map(({ info }) => info.name);
  const possible = new Set(names(networks));
  return names({ D_A: { hiddenFields: networks.D_A.hiddenFields } }).filter((name) => !possible.has(name));
}
