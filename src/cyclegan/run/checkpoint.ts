import * as v from 'valibot';
import { described } from '../../data/files/json.ts';
import {
  decodeSafetensors,
  encodeSafetensors,
  type StoredTensor,
  type TensorInput,
} from '../../data/files/safetensors.ts';
import { object, whole } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { fromReferenceLayout, toReferenceLayout } from '../../layers/layout.ts';
import type { Module } from '../../layers/module.ts';
import type { Adam } from '../../optim/adam.ts';
import { LEAST_SCALE } from '../../optim/loss-scaler.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { AbsentNetwork } from '../absent-network.ts';
import type { Learner } from '../learner.ts';
import { NETWORK_NAMES, type NetworkName } from '../network-names.ts';
import type { Networks } from '../network-set.ts';
import type { PoolState } from '../pool.ts';
import { type CheckpointFiles, writeCheckpoint } from './checkpoint-files.ts';
import type { CheckpointHead } from './checkpoint-head.ts';
import { readCheckpointJson } from './checkpoint-json.ts';

const POOLS = 'pools.safetensors';
const LOSS_SCALER = 'loss_scaler.json';

const aboveLeast = `a number above ${LEAST_SCALE}`;
const lossScalerSchema = described(
  object({
    scale: v.pipe(v.number(aboveLeast), v.finite(aboveLeast), v.gtValue(LEAST_SCALE, aboveLeast)),
    goodSteps: whole(),
  }),
  { holds: 'the state of a loss scaler', remedy: 'Restore the file, or start the run again.' },
);

const weightsFile = (name: string) => `${name}.safetensors`;
/** Where averaged weights of a network are. */
const averageFile = (name: string) => `${name}_ema.safetensors`;

/**
 * Writes a checkpoint in place of the one before, which stays until the new one is complete: weights under the
 * reference's names, averaged weights if there are any, moments under the names of their parameters, pools,
 * the loss scaler if there is one, and the head in JSON.
 *
 * @throws CyclopsError when a weight is not finite, gradients overflow at every scale, or a file cannot be written; the old checkpoint is left
 */
export async function saveCheckpoint(folder: string, model: Learner, head: CheckpointHead): Promise<void> {
  const files = new Map<string, string | Uint8Array>();
  for (const name of presentIn(model.networks)) {
    const weights = await model.networks[name].stateDict();
    for (const [parameter, { data }] of weights) {
      if (data.every(Number.isFinite)) continue;
      throw new CyclopsError(
        `Training diverged: the weights ${parameter} of ${name} hold NaN or infinity after step ${head.position.step}. ` +
          `The last good checkpoint is kept in ${folder}. Train again with a lower --lr or another --seed.`,
      );
    }
    files.set(weightsFile(name), encodeSafetensors(weights));
  }
  for (const [name, weights] of averages(model)) {
    const stored = new Map<string, TensorInput>();
    for (const [parameter, average] of weights) {
      stored.set(parameter, toReferenceLayout(await average.data(), average.shape));
    }
    files.set(averageFile(name), encodeSafetensors(stored, { step: String(model.averages[0]?.step) }));
  }
  for (const { file, adam, parameters } of optimisers(model)) {
    files.set(file, await encodeMoments(adam, parameters));
  }
  const pools = { fake_A: await model.pools.fakeA.state(), fake_B: await model.pools.fakeB.state() };
  files.set(
    POOLS,
    encodeSafetensors(new Map(Object.entries(pools).flatMap(([name, state]) => (state ? [[name, state]] : [])))),
  );
  if (model.lossScaler) {
    const state = await model.lossScaler.state();
    if (state.scale <= LEAST_SCALE) {
      throw new CyclopsError(
        `Training diverged: the gradients overflow in f16 at every loss scale, so steps were left out until step ${head.position.step}. ` +
          `The last good checkpoint is kept in ${folder}. Train again with --precision f32, a lower --lr or another --seed.`,
      );
    }
    files.set(LOSS_SCALER, jsonText(state));
  }
  writeWithHead(folder, files, head);
}

/** Each part of the head is a file. */
function writeWithHead(
  folder: string,
  files: Map<string, string | Uint8Array>,
  { manifest, ...parts }: CheckpointHead,
): void {
  for (const [name, part] of Object.entries(parts)) files.set(`${name}.json`, jsonText(part));
  writeCheckpoint(folder, files, manifest);
}

function jsonText(part: object): string {
  return `${JSON.stringify(part, null, 2)}\n`;
}

/** Continues from a checkpoint's tensors. @throws CyclopsError when a file is missing, damaged or of another architecture */
export function restoreCheckpoint(files: CheckpointFiles, device: Device, model: Learner): void {
  loadNetworks(files, model.networks);
  for (const { file, adam, parameters } of optimisers(model)) {
    const path = files.pathOf(file);
    const { tensors, metadata } = readTensors(files, file);
    const moment = (name: string, parameter: Tensor) => {
      const stored = tensors.get(name);
      if (stored?.data instanceof Float32Array && stored.data.length === parameter.size) {
        return fromReferenceLayout(stored.data, stored.shape);
      }
      throw new CyclopsError(
        `${path} does not hold '${name}' with ${parameter.size} values. The optimiser's state is of another ` +
          'architecture or damaged; start the run again.',
      );
    };
    const step = stepsIn(metadata, path);
    const moments = parameters.map(([name, parameter]) => ({
      expAvg: moment(`${name}.exp_avg`, parameter),
      expAvgSq: moment(`${name}.exp_avg_sq`, parameter),
    }));
    adam.loadState({ step, moments });
  }
  restoreAverages(files, model);
  const { tensors } = readTensors(files, POOLS);
  model.pools.fakeA.loadState(device, poolState(tensors.get('fake_A')));
  model.pools.fakeB.loadState(device, poolState(tensors.get('fake_B')));
  if (model.lossScaler) model.lossScaler.loadState(readCheckpointJson(files, LOSS_SCALER, lossScalerSchema));
}

/**
 * Writes imported weights as a checkpoint. It has no optimisers and no pools, so that no training can go on from it, but one can begin
 * with its weights.
 *
 * @param networks those that there are @throws CyclopsError when a file cannot be written
 */
export async function saveImported(folder: string, networks: Partial<Networks>, head: CheckpointHead): Promise<void> {
  const files = new Map<string, string | Uint8Array>();
  for (const name of NETWORK_NAMES) {
    const network = networks[name];
    if (network) files.set(weightsFile(name), encodeSafetensors(await network.stateDict()));
  }
  writeWithHead(folder, files, head);
}

/**
 * Loads weights into networks of the same architecture, any of the four; not into those that are absent.
 *
 * @param averaged whether to give them their averaged weights
 * @throws CyclopsError as `loadStateDict` does
 */
export function loadNetworks(files: CheckpointFiles, networks: Partial<Networks>, averaged = false): void {
  for (const name of NETWORK_NAMES) {
    const network = networks[name];
    if (!network || network instanceof AbsentNetwork) continue;
    network.loadStateDict(readNetwork(files, name, averaged), files.pathOf(fileOf(files, name, averaged)));
  }
}

/** The weights of a network in the reference's names and shapes, as {@link loadNetworks} loads them. */
export function readNetwork(files: CheckpointFiles, name: NetworkName, averaged: boolean): Map<string, StoredTensor> {
  return readTensors(files, fileOf(files, name, averaged)).tensors;
}

function fileOf(files: CheckpointFiles, name: NetworkName, averaged: boolean): string {
  return averaged && isAveraged(files, name) ? averageFile(name) : weightsFile(name);
}

/** Weights by network, in the reference's names and shapes. */
export type NetworkWeights = ReadonlyMap<NetworkName, ReadonlyMap<string, StoredTensor>>;

/**
 * Gives a model that was not trained yet weights to begin with, and its averages too. Networks that the weights do not name keep theirs.
 *
 * @param source where they come from, for messages @throws CyclopsError as `loadStateDict` does
 */
export function beginWith(model: Learner, weights: NetworkWeights, source: string): void {
  for (const [name, tensors] of weights) model.networks[name].loadStateDict(tensors, `${source}: ${name}`);
  for (const [name, ofNetwork] of averages(model)) {
    for (const [parameter, average] of ofNetwork) {
      const stored = weights.get(name)?.get(parameter);
      if (stored) average.upload(fromReferenceLayout(stored.data, stored.shape));
    }
  }
}

/** Every optimiser with its file and its parameters, named and in its order. */
function optimisers(model: Learner): { file: string; adam: Adam; parameters: [string, Tensor][] }[] {
  const { G_A, G_B, D_A, D_B } = model.networks;
  const named = (networks: Record<string, Module>) =>
    Object.entries(networks).flatMap(([name, network]) => [...network.namedParameters(`${name}.`)]);
  const [first, second] = model.discriminatorOptimisers;
  const discriminators = second
    ? [
        { file: 'optimizer_D_A.safetensors', adam: first, parameters: named({ D_A }) },
        { file: 'optimizer_D_B.safetensors', adam: second, parameters: named({ D_B }) },
      ]
    : [{ file: 'optimizer_D.safetensors', adam: first, parameters: named({ D_A, D_B }) }];
  const generators = {
    file: 'optimizer_G.safetensors',
    adam: model.generatorOptimiser,
    parameters: named({ G_A, G_B }),
  };
  return [generators, ...discriminators].flatMap(({ adam, ...rest }) => (adam ? [{ ...rest, adam }] : []));
}

/** The networks that a model has. */
function presentIn(networks: Networks): NetworkName[] {
  return NETWORK_NAMES.filter((name) => !(networks[name] instanceof AbsentNetwork));
}

/** The averaged weights of each network by the names of its parameters, where they are kept. */
function averages(model: Learner): Map<NetworkName, Map<string, Tensor>> {
  const all = new Map(model.averages.flatMap((average) => [...average.averages]));
  const of = (network: Module) =>
    new Map(
      [...network.namedParameters()].flatMap(([name, parameter]) => {
        const average = all.get(parameter);
        return average ? [[name, average] as const] : [];
      }),
    );
  return new Map(all.size > 0 ? presentIn(model.networks).map((name) => [name, of(model.networks[name])]) : []);
}

/** Runs from before discriminators were averaged have the averages of the generators alone. */
function isAveraged(files: CheckpointFiles, name: string): boolean {
  const discriminators = ['D_A', 'D_B'].map(averageFile);
  return name === 'G_A' || name === 'G_B' || discriminators.some((file) => files.has(file));
}

function restoreAverages(files: CheckpointFiles, model: Learner): void {
  for (const [name, weights] of averages(model)) {
    const file = averageFile(name);
    const path = files.pathOf(file);
    if (!isAveraged(files, name)) {
      throw new CyclopsError(
        `${files.folder} is of a version that averaged the generators alone, and this one would go on otherwise. Resume with that version, or ` +
          "begin a new run; 'cyclops calibrate' and 'evaluate' take this one as it is.",
      );
    }
    const { tensors, metadata } = readTensors(files, file);
    for (const [parameter, average] of weights) {
      const stored = tensors.get(parameter);
      if (!(stored?.data instanceof Float32Array) || stored.data.length !== average.size) {
        throw new CyclopsError(
          `${path} does not hold '${parameter}' with ${average.size} values. The averaged weights are of another ` +
            'architecture or damaged; start the run again.',
        );
      }
      average.upload(fromReferenceLayout(stored.data, stored.shape));
    }
    for (const average of model.averages) average.step = stepsIn(metadata, path);
  }
}

function stepsIn(metadata: Readonly<Record<string, string>>, path: string): number {
  const step = Number(metadata.step);
  if (Number.isInteger(step)) return step;
  throw new CyclopsError(`${path} does not say how many steps went into it. It is damaged.`);
}

async function encodeMoments(adam: Adam, parameters: [string, Tensor][]): Promise<Uint8Array> {
  const { step, moments } = await adam.state();
  const tensors = new Map<string, TensorInput>();
  parameters.forEach(([name, { shape }], i) => {
    const moment = moments[i];
    if (!moment) throw new Error(`The optimiser has no moments of ${name}.`);
    tensors.set(`${name}.exp_avg`, toReferenceLayout(new Float32Array(moment.expAvg), shape));
    tensors.set(`${name}.exp_avg_sq`, toReferenceLayout(new Float32Array(moment.expAvgSq), shape));
  });
  return encodeSafetensors(tensors, { step: String(step) });
}

function poolState(stored: StoredTensor | undefined): PoolState {
  return stored?.data instanceof Float32Array ? { shape: stored.shape, data: stored.data } : null;
}

function readTensors(files: CheckpointFiles, file: string) {
  return decodeSafetensors(files.read(file), files.pathOf(file));
}
