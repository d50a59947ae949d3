import { existsSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { NETWORK_WORDS, type NetworkName } from '../cyclegan/network-names.ts';
import { runWith } from '../cyclegan/run/run-folder.ts';
import { writeTogether } from '../data/files/atomic.ts';
import { makeFolder } from '../data/files/make-folder.ts';
import { encodeSafetensors, type StoredTensor } from '../data/files/safetensors.ts';
import { encodeStateDict, type WrittenTensor } from '../data/files/torch/write-state-dict.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { checkOptions, path, pathOption } from './common/options.ts';
import { UsageError } from './common/usage-error.ts';
import { type ModelWeights, readWeights } from './common/weights.ts';

export interface ExportOptions {
  /** Model file or run folder, which need not be calibrated. */
  model: string;
  /** Folder for a `.safetensors` of each network. */
  safetensors?: string | undefined;
  /** Folder for a `.pth` of each network, as the reference implementation loads it. */
  torch?: string | undefined;
}

export interface ExportedWeights {
  /** Absolute paths of what was written. */
  files: string[];
  /** What a person should know of the weights, in sentences. */
  remarks: string[];
}

/**
 * Writes the networks of a model for other programs: with the reference's names and shapes, those that score, which are averages where
 * training kept some.
 *
 * @throws UsageError where no form is asked for, and where a file is there already @throws CyclopsError for a model that cannot be read or folders that cannot be written
 */
export function exportWeights(options: ExportOptions): ExportedWeights {
  checkOptions('exportWeights', options, { model: path, safetensors: pathOption, torch: pathOption });
  const { safetensors, torch } = options;
  if (safetensors === undefined && torch === undefined)
    throw new UsageError(
      'Nothing to export. Say in which form, and where to: --safetensors FOLDER, --torch FOLDER, or both.',
    );
  const model = readWeights(options.model);
  const networks = [...model.networks.keys()];
  // All are looked at before any is written.
  const wanted = [
    ...(safetensors === undefined ? [] : networks.map((network) => safetensorsFile(safetensors, network))),
    ...(torch === undefined ? [] : networks.map((network) => torchFile(torch, network))),
  ];
  requireFree(wanted);
  const written: [path: string, content: Uint8Array | Uint8Array[]][] = [];
  for (const [network, stored] of model.networks) {
    const tensors = floatsOf(stored, `${model.source}: ${network}`);
    if (safetensors !== undefined)
      written.push([safetensorsFile(safetensors, network), encodeSafetensors(tensors, { format: 'pt' })]);
    if (torch !== undefined) written.push([torchFile(torch, network), encodeStateDict(tensors, torchName(network))]);
  }
  const files = written.map(([file]) => file);
  for (const folder of new Set(files.map((file) => dirname(file)))) makeFolder(folder);
  try {
    writeTogether(written);
  } catch (error) {
    // Some of the networks would look like all, and be in the way of the next attempt.
    for (const file of files) rmSync(file, { force: true });
    throw error;
  }
  return { files, remarks: remarksOn(model) };
}

const safetensorsFile = (folder: string, network: NetworkName) => resolve(join(folder, `${network}.safetensors`));
const torchName = (network: NetworkName) => `latest_net_${network}`;
const torchFile = (folder: string, network: NetworkName) => resolve(join(folder, `${torchName(network)}.pth`));

/** A checkpoint, or weights that somebody trained, may have these very names. @throws UsageError when one is there */
function requireFree(files: readonly string[]): void {
  const there = files.find((file) => existsSync(file));
  if (there !== undefined) {
    throw new UsageError(
      `${there} is there already, and weights are written over nothing. Name another folder, or remove it.`,
    );
  }
  const [run] = files.flatMap((file) => runWith(file) ?? []);
  if (run !== undefined)
    throw new UsageError(
      `Weights would lie among the files of the run in ${run}, which writes those anew. Name another folder.`,
    );
}

function floatsOf(stored: ReadonlyMap<string, StoredTensor>, source: string): Map<string, WrittenTensor> {
  return new Map(
    [...stored].map(([name, { shape, data }]) => {
      if (data instanceof Float32Array) return [name, { shape, data }];
      throw new CyclopsError(`${source}: '${name}' holds no floats. The file is damaged.`);
    }),
  );
}

function remarksOn({ config, absent }: ModelWeights): string[] {
  const isSegmenter = config.netD === 'unet' && !absent.includes('D_A');
  return [
    ...(config.ema > 0 ? ['The weights are the moving averages that score, not the last ones of training.'] : []),
    ...(isSegmenter
      ? [
          'D_A is a segmenter (--netD unet), for which the reference has no network: its tensors have names of their own.',
        ]
      : []),
    ...absent.map((name: NetworkName) => `The model has no ${NETWORK_WORDS[name]}.`),
  ];
}
