import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { readModel } from '../../anomaly/detector/stored-model.ts';
import type { TrainingConfig } from '../../cyclegan/config.ts';
import { absentNetworks, type Manifest } from '../../cyclegan/manifest.ts';
import { NETWORK_NAMES, type NetworkName } from '../../cyclegan/network-names.ts';
import { type NetworkWeights, readNetwork } from '../../cyclegan/run/checkpoint.ts';
import { openCheckpoint } from '../../cyclegan/run/checkpoint-head.ts';
import { fingerprint, hasDataRecord, readDataRecord, seenImages } from '../../cyclegan/run/data-record.ts';
import { openRun } from '../../cyclegan/run/run-folder.ts';
import { isFolder } from '../../data/files/is-folder.ts';

/** The weights that a model scores with, on no device. */
export interface ModelWeights {
  /** Absolute path of the run folder or model file. */
  source: string;
  config: TrainingConfig;
  manifest: Manifest;
  networks: NetworkWeights;
  /** Networks that the model does not have. */
  absent: readonly NetworkName[];
  /** For how many steps they were trained; 0 where nobody noted it. */
  step: number;
  /** Fingerprints of the images that trained or calibrated it. */
  seen: readonly string[];
  /** Of those that trained it; of a model file all that it saw, since it does not say which did what. */
  trained: readonly string[];
}

/** Reads a model file or the checkpoint of a run folder, calibrated or not. @throws CyclopsError when it is missing or damaged */
export function readWeights(path: string): ModelWeights {
  return isFolder(path) ? ofRun(path) : ofFile(path);
}

function ofRun(path: string): ModelWeights {
  const run = openRun(path);
  const { head, files } = openCheckpoint(run.checkpoint);
  const { config, manifest, position } = head;
  const absent = absentNetworks(manifest);
  const present = NETWORK_NAMES.filter((name) => !absent.includes(name));
  const record = hasDataRecord(run.data) ? readDataRecord(run.data) : null;
  const trained = (record?.images ?? [])
    .filter(({ part }) => part === 'train')
    .map(({ sha256 }) => fingerprint(sha256));
  return {
    ...{ source: run.root, config, manifest, absent, step: position.step },
    networks: new Map(present.map((name) => [name, readNetwork(files, name, config.ema > 0)])),
    seen: record ? seenImages(record) : [],
    trained: [...trained, ...(record?.earlier ?? [])],
  };
}

function ofFile(path: string): ModelWeights {
  const { config, manifest, calibration, seen, tensors } = readModel(path);
  const absent = absentNetworks(manifest);
  const present = NETWORK_NAMES.filter((name) => !absent.includes(name));
  const of = (network: NetworkName) =>
    new Map(
      [...tensors].flatMap(([name, tensor]) =>
        name.startsWith(`${network}.`) ? [[name.slice(network.length + 1), tensor] as const] : [],
      ),
    );
  return {
    ...{ source: resolve(path), config, manifest, absent, step: calibration.step ?? 0 },
    networks: new Map(present.map((name) => [name, of(name)])),
    ...{ seen, trained: seen },
  };
}

/** SHA-256 of all weights with their names, in hexadecimal: by it two models can be told to begin alike. */
export function hashWeights(networks: NetworkWeights): string {
  const hash = createHash('sha256');
  for (const [network, tensors] of networks) {
    for (const [name, { data }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${network}.${name}\n`);
      hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    }
  }
  return hash.digest('hex');
}
