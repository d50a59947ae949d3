// What is measured on a GPU host, in which order, with which commands and within which time.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** @typedef {'host' | 'steps' | 'kernels' | 'verify' | 'train'} Kind what a part is about, for --only */

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {Kind} kind
 * @property {string[]} [command] absent where there is no way to measure it
 * @property {string} [absent] why there is none
 * @property {number} seconds its time limit
 * @property {boolean} [json] whether the command writes results to the file that follows its option --json
 * @property {string} [writes] the file where the command leaves its results otherwise
 * @property {boolean} [extra] whether it is left out when time is short
 */

/**
 * @typedef {object} Found what there is to measure with
 * @property {(subcommand: string) => boolean} offersPrecision whether a command of cyclops has the option --precision
 * @property {{ command: string[] } | { absent: string }} torch PyTorch, as the command that starts it
 * @property {boolean} quick
 * @property {string} root folder of Cyclops's files
 * @property {number} most seconds for everything
 * @property {string} out where a training leaves what it made
 */

const FULL = { sizes: ['--config', 'full'], batches: [1, 16] };
const QUICK = { sizes: ['--ngf', '8', '--blocks', '2', '--size', '64'], batches: [1, 2] };

/** Those that the targets ask for, … */
export const PRECISIONS = ['f32', 'mixed'];

/** … and all of which steps are timed and compared with the reference. */
export const ALL_PRECISIONS = [...PRECISIONS, 'split'];

/** @param {boolean} quick */
export const batchesOf = (quick) => (quick ? QUICK : FULL).batches;

/**
 * @typedef {object} Case one way to compute a network
 * @property {string} precision
 * @property {number} batch
 */

/** What a part is called in the results. @param {string} kind @param {Case} computed */
export const nameOf = (kind, { precision, batch }) => `${kind} ${precision} ${batch}`;

/** Which columns of `npm run bench:peers` are measured. @param {boolean} quick */
export const webgpuColumns = (quick) => (quick ? ['inorm'] : ['generator', 'step']);

/** What may follow --only; what the device is and offers is told whatever is asked for. @type {readonly Kind[]} */
export const KINDS = ['steps', 'kernels', 'verify', 'train'];

/**
 * The parts in the order in which they are measured: what the targets need first, ceilings last, since some devices are slower for seconds
 * after so much heat.
 *
 * @param {Found} found
 * @returns {Part[]}
 */
export function partsOf({ offersPrecision, torch, quick, root, most, out }) {
  const { sizes, batches } = quick ? QUICK : FULL;
  const seconds = (/** @type {number} */ number) => ['--seconds', quick ? '0' : `${number}`];
  /** @param {string} subcommand @param {string} precision @returns {string[] | null} */
  const precise = (subcommand, precision) => {
    if (precision === 'f32') return [];
    return offersPrecision(subcommand) ? ['--precision', precision] : null;
  };
  /** @param {'step' | 'kernels'} what @param {Case & { options: string[], limit: number }} how @returns {Part} */
  const benchmark = (what, { precision, batch, options, limit }) => {
    const name = nameOf(what, { precision, batch });
    const kind = what === 'step' ? 'steps' : what;
    const chosen = precise(`bench ${what}`, precision);
    if (!chosen) return { name, kind, seconds: 0, absent: `cyclops bench ${what} has no option --precision` };
    const workload = [...sizes, '--batch', `${batch}`];
    return {
      ...{ name, kind },
      command: ['cyclops', 'bench', what, ...workload, ...chosen, ...options],
      ...{ seconds: limit, json: true },
    };
  };
  /** @param {string} precision @param {number} batch */
  const step = (precision, batch) => {
    const tuning = ['--tune-seconds', `${Math.round(most / (batch === 1 ? 26 : 13))}`];
    // The table by kernel tells where to go next.
    const options = ['--no-eager', '--profile', ...seconds(0.2), ...tuning];
    return benchmark('step', { precision, batch, options, limit: quick ? 60 : 100 });
  };
  /** @param {string} precision @param {number} batch */
  const kernels = (precision, batch) =>
    benchmark('kernels', { precision, batch, options: seconds(0.03), limit: quick ? 20 : 45 });
  /** @param {string} precision @returns {Part} */
  const verify = (precision) => {
    const name = `verify ${precision}`;
    const kind = /** @type {const} */ ('verify');
    const chosen = precise('verify', precision);
    if (!chosen) return { name, kind, seconds: 0, absent: 'cyclops verify has no option --precision' };
    return { name, kind, command: ['cyclops', 'verify', join(root, 'test/golden'), ...chosen], seconds: 60 };
  };
  /** @param {string} name @param {string[]} options @param {number} limit @returns {Part} */
  const peer = (name, options, limit) => {
    const kind = /** @type {const} */ ('steps');
    if ('absent' in torch) return { name, kind, seconds: 0, absent: torch.absent };
    return { name, kind, command: [...torch.command, ...options], seconds: limit, json: true };
  };
  /** @param {string} contender @returns {Part} */
  const webgpu = (contender) => {
    const program = join(root, 'bench/peers/bundle', `${contender}.js`);
    const name = `webgpu ${contender}`;
    const kind = /** @type {const} */ ('steps');
    if (!existsSync(program)) return { name, kind, seconds: 0, absent: 'the kit was packed without it' };
    return { name, kind, command: ['node', program, ...webgpuColumns(quick)], seconds: 60, extra: true };
  };
  /** @returns {Part} */
  const train = () => {
    const [folder, minutes] = [join(out, 'train'), quick ? 0.2 : 2];
    const options = quick ? ['--preset', 'tiny'] : ['--preset', 'segment', '--precision', 'mixed'];
    const data = join(root, 'data/bsdata_pitting');
    const command = ['bash', join(root, 'gpu-host/train.sh'), folder, data, `${minutes}`, ...options];
    return {
      name: 'train',
      kind: 'train',
      command,
      seconds: 330,
      extra: true,
      writes: join(folder, 'evaluation.json'),
    };
  };
  const [one = 1, many = 16] = batches;
  return [
    { name: 'doctor', kind: 'host', command: ['cyclops', 'doctor', '--json'], seconds: 30 },
    step('mixed', many),
    step('mixed', one),
    step('f32', one),
    peer('torch', seconds(0.5), quick ? 40 : 130),
    kernels('mixed', many),
    kernels('mixed', one),
    ...ALL_PRECISIONS.map(verify),
    step('f32', many),
    kernels('f32', one),
    kernels('f32', many),
    { ...step('split', one), extra: true },
    { ...step('split', many), extra: true },
    train(),
    webgpu('cyclops'),
    webgpu('jax'),
    { ...peer('torch compile', [...seconds(0.5), '--only', 'compile'], 60), extra: true },
    {
      ...{ name: 'ceilings', kind: 'kernels', seconds: 45, json: true },
      command: ['cyclops', 'bench', 'ceilings', ...seconds(0.25)],
    },
  ];
}

/**
 * Those of a kind, those first of which an earlier run into the same folder has no result.
 *
 * @param {readonly Part[]} parts @param {readonly Kind[]} only @param {(name: string) => boolean} isThere
 */
export function ordered(parts, only, isThere) {
  const asked = parts.filter(({ kind }) => kind === 'host' || only.includes(kind));
  const isFirst = (/** @type {Part} */ { name, kind }) => kind === 'host' || !isThere(name);
  return [...asked.filter(isFirst), ...asked.filter((part) => !isFirst(part))];
}
