// What is measured on a GPU host, in which order, with which commands and within which time.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string[]} [command] absent where there is no way to measure it
 * @property {string} [absent] why there is none
 * @property {number} seconds its time limit
 * @property {boolean} [json] whether the command writes results to the file that follows its option --json
 * @property {boolean} [extra] whether it is left out when time is short
 */

/**
 * @typedef {object} Found what there is to measure with
 * @property {(subcommand: string) => boolean} offersPrecision whether a command of cyclops has the option --precision
 * @property {{ command: string[] } | { absent: string }} torch PyTorch, as the command that starts it
 * @property {boolean} quick
 * @property {string} root folder of Cyclops's files
 * @property {number} most seconds for everything
 */

const FULL = { sizes: ['--config', 'full'], batches: [1, 16] };
const QUICK = { sizes: ['--ngf', '8', '--blocks', '2', '--size', '64'], batches: [1, 2] };

export const PRECISIONS = ['f32', 'mixed'];

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

/**
 * The parts in the order in which they are measured: what the targets need first.
 * @param {Found} found
 * @returns {Part[]}
 */
export function partsOf({ offersPrecision, torch, quick, root, most }) {
  const { sizes, batches } = quick ? QUICK : FULL;
  const seconds = (/** @type {number} */ number) => ['--seconds', quick ? '0' : `${number}`];
  /** @param {string} subcommand @param {string} precision @returns {string[] | null} */
  const precise = (subcommand, precision) => {
    if (precision === 'f32') return [];
    return offersPrecision(subcommand) ? ['--precision', precision] : null;
  };
  /** @param {string} kind @param {Case & { options: string[], limit: number }} how @returns {Part} */
  const benchmark = (kind, { precision, batch, options, limit }) => {
    const name = nameOf(kind, { precision, batch });
    const chosen = precise(`bench ${kind}`, precision);
    if (!chosen) return { name, seconds: 0, absent: `cyclops bench ${kind} has no option --precision` };
    const workload = [...sizes, '--batch', `${batch}`];
    return {
      name,
      command: ['cyclops', 'bench', kind, ...workload, ...chosen, ...options],
      ...{ seconds: limit, json: true },
    };
  };
  /** @param {string} precision @param {number} batch */
  const step = (precision, batch) => {
    const tuning = ['--tune-seconds', `${Math.round(most / (batch === 1 ? 26 : 13))}`];
    const options = ['--no-eager', ...seconds(0.2), ...tuning];
    return benchmark('step', { precision, batch, options, limit: quick ? 60 : 100 });
  };
  /** @param {string} precision @param {number} batch */
  const kernels = (precision, batch) =>
    benchmark('kernels', { precision, batch, options: seconds(0.03), limit: quick ? 20 : 45 });
  /** @param {string} precision @returns {Part} */
  const verify = (precision) => {
    const name = `verify ${precision}`;
    const chosen = precise('verify', precision);
    if (!chosen) return { name, seconds: 0, absent: 'cyclops verify has no option --precision' };
    return { name, command: ['cyclops', 'verify', join(root, 'test/golden'), ...chosen], seconds: 60 };
  };
  /** @param {string} name @param {string[]} options @param {number} limit @returns {Part} */
  const peer = (name, options, limit) => {
    if ('absent' in torch) return { name, seconds: 0, absent: torch.absent };
    return { name, command: [...torch.command, ...options], seconds: limit, json: true };
  };
  /** @param {string} contender @returns {Part} */
  const webgpu = (contender) => {
    const program = join(root, 'bench/peers/bundle', `${contender}.js`);
    const name = `webgpu ${contender}`;
    if (!existsSync(program)) return { name, seconds: 0, absent: 'the kit was packed without it' };
    return { name, command: ['node', program, ...webgpuColumns(quick)], seconds: 60, extra: true };
  };
  const [one = 1, many = 16] = batches;
  return [
    { name: 'doctor', command: ['cyclops', 'doctor', '--json'], seconds: 30 },
    step('f32', one),
    step('mixed', one),
    step('mixed', many),
    step('f32', many),
    peer('torch', seconds(0.5), quick ? 40 : 130),
    // After what counts most: some devices are slower for seconds after so much heat.
    { name: 'ceilings', command: ['cyclops', 'bench', 'ceilings', ...seconds(0.25)], seconds: 45, json: true },
    ...PRECISIONS.map(verify),
    ...[one, many].flatMap((batch) => PRECISIONS.map((precision) => kernels(precision, batch))),
    webgpu('cyclops'),
    webgpu('jax'),
    { ...peer('torch compile', [...seconds(0.5), '--only', 'compile'], 60), extra: true },
  ];
}
