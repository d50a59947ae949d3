// What results say, brought together across programs: rows of the tables, and whether targets are met.
import { ALL_PRECISIONS, batchesOf, nameOf, PRECISIONS } from './parts.mjs';

/** @typedef {import('./parts.mjs').Case} Case */

/**
 * @typedef {object} PartResult
 * @property {'ok' | 'failed' | 'timed out' | 'absent'} status
 * @property {number} seconds
 * @property {string} [command]
 * @property {string} [date] when it ended
 * @property {{ least?: number, median?: number, most?: number }} [clocks] of the multiprocessors meanwhile, in MHz
 * @property {string} [reason] why it is not ok
 * @property {any} [result] what the program wrote, perhaps in part
 */

/**
 * @typedef {object} Results
 * @property {string} date
 * @property {string} command
 * @property {boolean} quick
 * @property {Record<string, any>} host
 * @property {number} seconds
 * @property {Record<string, PartResult>} parts
 */

/** Shares of a ceiling that are asked of kernels. */
export const TARGET_SHARES = { f32: 0.6, mixed: 0.5, memory: 0.8 };

/** A kernel whose least time is shorter is ruled by what a launch costs, and not judged. */
export const SHORT_SECONDS = 5e-6;

/** Why a part has no results. @param {Results} results @param {string} name */
export function whyAbsent({ parts }, name) {
  const part = parts[name];
  if (!part) return 'not measured yet';
  return part.reason ?? `${name} has no such result`;
}

/**
 * @typedef {object} NetworkRow how fast a network is computed
 * @property {'step' | 'generator'} network
 * @property {number} batch
 * @property {string} program
 * @property {string} mode
 * @property {number} milliseconds from one run to the next
 * @property {number | null} device milliseconds of the device alone
 * @property {number | null} host milliseconds of the host alone
 * @property {number | null} launches
 * @property {number | null} peakBytes
 */

/** @param {Results} results @returns {NetworkRow[]} */
export function networkRows(results) {
  const { quick, parts } = results;
  /** @type {NetworkRow[]} */
  const rows = [];
  for (const network of /** @type {const} */ (['step', 'generator'])) {
    for (const batch of batchesOf(quick)) {
      for (const precision of ALL_PRECISIONS) {
        const result = parts[nameOf('step', { precision, batch })]?.result;
        const isStep = network === 'step';
        for (const [mode, times, isWhole] of [
          [precision, result?.[network], isStep],
          [`${precision}, launches by themselves`, isStep ? result?.apart : null, false],
        ]) {
          if (!times?.captured) continue;
          rows.push({
            ...{ network, batch, program: 'Cyclops', mode },
            milliseconds: (times.successive ?? times.captured).median,
            device: times.device?.median ?? null,
            host: isWhole ? result.host.replay.median : null,
            launches: times.launches,
            peakBytes: isWhole ? result.peakBytes : null,
          });
        }
      }
      for (const [part, suffix] of [
        ['torch', ''],
        ['torch compile', ' compiled'],
      ]) {
        const found = parts[part ?? '']?.result?.results;
        const measured = [...(found?.[suffix ? 'compile' : network] ?? [])];
        if (suffix && network === 'generator') continue;
        for (const one of measured.filter((one) => one.batch === batch)) {
          rows.push({
            ...{ network, batch, program: 'PyTorch', mode: `${one.mode}${suffix}` },
            milliseconds: one.milliseconds.median,
            ...{ device: null, host: one.hostMilliseconds.median, launches: null },
            peakBytes: one.peakBytes ?? null,
          });
        }
      }
    }
  }
  return rows;
}

/**
 * @typedef {object} KernelFigure the fastest variant of a problem
 * @property {string} operation
 * @property {string} problem
 * @property {string} variant
 * @property {number} milliseconds
 * @property {number} gflopsPerSecond
 * @property {number} gigabytesPerSecond
 * @property {number} share of the ceiling: the least time over the time taken
 * @property {boolean} judged
 * @property {Record<string, number>} torch milliseconds of PyTorch by precision
 */

/** @param {Results} results @param {Case} computed what `bench kernels` wrote */
const measuredKernels = ({ parts }, computed) => parts[nameOf('kernels', computed)]?.result;

/** @param {Results} results @param {Case} computed @returns {any[]} */
const fastestRows = (results, computed) =>
  (measuredKernels(results, computed)?.kernels ?? []).filter((/** @type {any} */ row) => row.fastest);

/** @param {string} operation */
const isConvolution = (operation) => operation.startsWith('conv2d.');

/** @param {Results} results @param {Case} computed @returns {KernelFigure[]} */
export function convolutions(results, computed) {
  const ceilings = measuredKernels(results, computed)?.ceilings;
  if (!ceilings) return [];
  const rate = computed.precision === 'f32' ? ceilings.f32FlopsPerSecond : ceilings.matrix?.flopsPerSecond;
  const torch = torchConvolutions(results);
  return fastestRows(results, computed)
    .filter(({ operation }) => isConvolution(operation))
    .map((row) => {
      const least = Math.max(rate ? row.flops / rate : 0, row.bytes / ceilings.copyBytesPerSecond);
      return {
        ...figure(row, rate ? (1000 * least) / row.milliseconds.median : Number.NaN, least),
        torch: torch.get(`${row.operation} ${plain(row.problem)}`) ?? {},
      };
    });
}

/** Kernels that a copy bounds. @param {Results} results @param {Case} computed @returns {KernelFigure[]} */
export function memoryKernels(results, computed) {
  const ceilings = measuredKernels(results, computed)?.ceilings;
  if (!ceilings) return [];
  return fastestRows(results, computed)
    .filter(({ operation }) => !isConvolution(operation))
    .map((row) => {
      const least = row.bytes / ceilings.copyBytesPerSecond;
      return { ...figure(row, (1000 * least) / row.milliseconds.median, least), torch: {} };
    });
}

/** @param {any} row @param {number} share @param {number} leastSeconds */
function figure(
  { operation, problem, variant, milliseconds, gflopsPerSecond, gigabytesPerSecond },
  share,
  leastSeconds,
) {
  return {
    ...{ operation, problem, variant, gflopsPerSecond, gigabytesPerSecond, share },
    milliseconds: milliseconds.median,
    judged: leastSeconds >= SHORT_SECONDS,
  };
}

/** A problem without what is said of its precision behind it. @param {string} problem */
function plain(problem) {
  return /^.*→\[[\d,]+\]/.exec(problem)?.[0] ?? problem;
}

/**
 * The fastest milliseconds by `operation problem`, and in that by precision: two layers may be one problem.
 * @param {Results} results
 */
function torchConvolutions({ parts }) {
  /** @type {Map<string, Record<string, number>>} */
  const found = new Map();
  for (const { operation, problem, precision, milliseconds } of parts.torch?.result?.results?.convolution ?? []) {
    const key = `${operation} ${problem}`;
    const times = found.get(key) ?? {};
    found.set(key, times);
    times[precision] = Math.min(times[precision] ?? Infinity, milliseconds.median);
  }
  return found;
}

/**
 * @typedef {object} Verdict
 * @property {string} target
 * @property {string} measured
 * @property {'met' | 'MISSED' | 'absent'} verdict
 */

/** @param {Results} results @returns {Verdict[]} */
export function verdicts(results) {
  const batches = batchesOf(results.quick);
  return [
    ...PEERS.flatMap((peer) => batches.map((batch) => speed(results, peer, batch))),
    ...PRECISIONS.flatMap((precision) => batches.map((batch) => kernelShares(results, { precision, batch }))),
    ...PRECISIONS.flatMap((precision) => batches.map((batch) => memoryShares(results, { precision, batch }))),
  ];
}

/** Which modes of PyTorch a precision is held against. */
const PEERS = [
  { precision: 'f32', modes: ['fp32', 'fp32_benchmark'], name: 'PyTorch without TF32' },
  { precision: 'mixed', modes: ['default'], name: "PyTorch's default (TF32)" },
  { precision: 'mixed', modes: ['amp'], name: "PyTorch's AMP (f16)" },
];

/**
 * Whether a training step is at least as fast as PyTorch's fastest of some modes.
 * @param {Results} results @param {typeof PEERS[number]} peer @param {number} batch @returns {Verdict}
 */
function speed(results, { precision, modes, name }, batch) {
  const target = `${precision} step, batch ${batch}: at least as fast as ${name}`;
  const rows = networkRows(results).filter((row) => row.network === 'step' && row.batch === batch);
  const own = rows.find((row) => row.program === 'Cyclops' && row.mode === precision);
  const peers = rows.filter((row) => row.program === 'PyTorch' && modes.includes(row.mode));
  if (!own) return { target, measured: whyAbsent(results, nameOf('step', { precision, batch })), verdict: 'absent' };
  if (peers.length === 0) return { target, measured: whyAbsent(results, 'torch'), verdict: 'absent' };
  const peer = Math.min(...peers.map(({ milliseconds }) => milliseconds));
  const ratio = peer / own.milliseconds;
  const measured = `${ratio.toFixed(2)}× (${own.milliseconds.toPrecision(4)} ms, PyTorch ${peer.toPrecision(4)} ms)`;
  return { target, measured, verdict: ratio >= 1 ? 'met' : 'MISSED' };
}

/** @param {Results} results @param {Case} computed @returns {Verdict} */
function kernelShares(results, computed) {
  const { precision, batch } = computed;
  const least = precision === 'f32' ? TARGET_SHARES.f32 : TARGET_SHARES.mixed;
  const of = precision === 'f32' ? 'of the measured f32 rate' : 'of the measured bare matrix rate';
  const target = `${precision} convolutions, batch ${batch}: ${100 * least} % ${of}`;
  const ceilings = measuredKernels(results, computed)?.ceilings;
  if (precision !== 'f32' && ceilings && !ceilings.matrix) {
    return { target, measured: 'this device offers no matrices of subgroups', verdict: 'absent' };
  }
  const why = whyAbsent(results, nameOf('kernels', computed));
  return shares(convolutions(results, computed), { target, least, why });
}

/** @param {Results} results @param {Case} computed @returns {Verdict} */
function memoryShares(results, computed) {
  const { precision, batch } = computed;
  const target = `${precision} memory-bound kernels, batch ${batch}: ${100 * TARGET_SHARES.memory} % of the measured copy`;
  const why = whyAbsent(results, nameOf('kernels', computed));
  return shares(memoryKernels(results, computed), { target, least: TARGET_SHARES.memory, why });
}

/**
 * @param {KernelFigure[]} rows
 * @param {{ target: string, least: number, why: string }} asked why: there may be no rows
 * @returns {Verdict}
 */
function shares(rows, { target, least, why }) {
  const judged = rows.filter((row) => row.judged).sort((a, b) => a.share - b.share);
  const [worst] = judged;
  if (rows.length === 0) return { target, measured: why, verdict: 'absent' };
  if (!worst) return { target, measured: 'every problem is too short to be judged', verdict: 'absent' };
  const good = judged.filter(({ share }) => share >= least).length;
  const measured = `${good} of ${judged.length}; the lowest is ${(100 * worst.share).toFixed(0)} %, ${worst.operation} ${worst.problem}`;
  return { target, measured, verdict: good === judged.length ? 'met' : 'MISSED' };
}
