// Results of a GPU host as Markdown.
import {
  convolutions,
  memoryKernels,
  networkRows,
  SHORT_SECONDS,
  TARGET_SHARES,
  verdicts,
  whyAbsent,
} from './figures.mjs';
import { ALL_PRECISIONS, batchesOf, nameOf, PRECISIONS, webgpuColumns } from './parts.mjs';

/** @typedef {import('./figures.mjs').Results} Results */

/** So many kernels of a step are shown. */
const PROFILED = 25;

/** @param {number | null | undefined} value */
const figure = (value) => {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return value >= 1000 ? Math.round(value).toLocaleString('en') : `${Number(value.toPrecision(3))}`;
};
/** @param {number} share */
const percent = (share) => (Number.isFinite(share) ? `${(100 * share).toFixed(0)} %` : '–');
/** @param {number | null} bytes */
const gibibytes = (bytes) => (bytes === null ? '–' : figure(bytes / 2 ** 30));
/** @param {string[][]} rows the first is the header */
function table([header = [], ...rows]) {
  const line = (/** @type {string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/** @param {Results} results @returns {string} */
export function markdown(results) {
  const sections = [
    heading(results),
    targets(results),
    networks(results),
    ceilings(results),
    ...PRECISIONS.flatMap((precision) =>
      batchesOf(results.quick).map((batch) => kernels(results, { precision, batch })),
    ),
    ...ALL_PRECISIONS.flatMap((precision) =>
      batchesOf(results.quick).flatMap((batch) => profile(results, { precision, batch }) ?? []),
    ),
    correctness(results),
    webgpuPeers(results),
    device(results),
    parts(results),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** @param {Results} results */
function heading({ parts, host, date, command, quick, seconds }) {
  const doctor = parts.doctor?.result;
  const torch = parts.torch?.result;
  const versions = { ...doctor?.versions, ...torch?.versions };
  const tuning = Object.entries(parts).flatMap(([name, { result }]) => (result?.tuning ? [[name, result.tuning]] : []));
  const tuned = tuning.map(([name, { problems, seconds }]) => `${name}: ${problems} in ${seconds.toFixed(0)} s`);
  const total = tuning.reduce((sum, [, { seconds }]) => sum + seconds, 0);
  return [
    `# Cyclops on ${host.nvidia?.name ?? doctor?.adapter.name ?? 'a device that was not told'}`,
    '',
    `- ${date}, \`${command}\`, ${seconds.toFixed(0)} s${quick ? '; **--quick**: small sizes, figures that say little' : ''}`,
    `- adapter: ${doctor?.adapter.name ?? whyAbsent({ parts, host, date, command, quick, seconds }, 'doctor')}`,
    `- driver: ${
      host.nvidia
        ? Object.entries(host.nvidia)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')
        : 'nvidia-smi does not answer'
    }`,
    ...(host.nvidiaAfter
      ? [
          `- at the end: ${Object.entries(host.nvidiaAfter)
            .slice(3)
            .map(([name, value]) => `${name} ${value}`)
            .join(', ')}`,
        ]
      : []),
    `- host: ${host.cpu}, Linux ${host.kernel}`,
    `- versions: ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `- kernels chosen by measurement in ${total.toFixed(0)} s${tuned.length > 0 ? ` (${tuned.join('; ')})` : ''}`,
  ].join('\n');
}

/** @param {Results} results */
function targets(results) {
  const rows = verdicts(results).map(({ target, measured, verdict }) => [
    target,
    verdict === 'absent' ? `absent: ${measured}` : measured,
    verdict === 'MISSED' ? '**MISSED**' : verdict,
  ]);
  return ['## Targets', '', table([['target', 'measured', ''], ...rows])].join('\n');
}

/** @param {Results} results */
function networks(results) {
  const rows = networkRows(results);
  const body = rows.map((row) => {
    const reference = rows.find(
      ({ network, batch, mode }) => network === row.network && batch === row.batch && mode === 'default',
    );
    return [
      row.network === 'step' ? 'training step' : 'generator forward',
      `${row.batch}`,
      `${row.program} ${row.mode}`,
      figure(row.milliseconds),
      figure(row.device),
      figure(row.host),
      row.launches === null ? '–' : `${row.launches}`,
      gibibytes(row.peakBytes),
      figure((1000 * row.batch) / row.milliseconds),
      reference ? `${figure(reference.milliseconds / row.milliseconds)}×` : '–',
    ];
  });
  const header = [
    '',
    'batch',
    'program',
    'ms',
    'device ms',
    'host ms',
    'launches',
    'peak GiB',
    'images/s',
    'speed to PyTorch default',
  ];
  return [
    '## Training step and generator',
    '',
    'ms: from one run to the next, several in a row (Cyclops: replays of a captured step). device ms: the sum of all launches by timestamps.',
    'host ms: until everything is handed over. A step trains on one image of each domain times the batch.',
    '',
    table([header, ...body]),
  ].join('\n');
}

/** @param {Results} results */
function ceilings(results) {
  const result = results.parts.ceilings?.result;
  const lines = ['## Ceilings', ''];
  if (!result) return [...lines, `absent: ${whyAbsent(results, 'ceilings')}`].join('\n');
  const { ceilings, emptyLaunch } = result;
  const tera = (/** @type {number} */ value) => `${figure(value / 1e12)} TFLOP/s`;
  const rows = [
    ['copy', `${figure(ceilings.copyBytesPerSecond / 1e9)} GB/s`],
    ['f32 multiply-adds', tera(ceilings.f32FlopsPerSecond)],
    [
      'f16 multiply-adds',
      ceilings.f16FlopsPerSecond === null ? 'the device has no f16' : tera(ceilings.f16FlopsPerSecond),
    ],
    ...(ceilings.matrices ?? []).map((/** @type {any} */ one) => [`matrices ${one.shape}`, tera(one.flopsPerSecond)]),
    ...(ceilings.matrix ? [] : [['matrices', 'absent: this device offers none of f16 into f32']]),
    ['an empty launch on the device', emptyLaunch.device ? `${figure(emptyLaunch.device.median)} µs` : 'no timestamps'],
    ['from one empty launch to the next, replayed', `${figure(emptyLaunch.replay.median)} µs`],
    ['host, a launch recorded', `${figure(emptyLaunch.hostEager.median)} µs`],
    ['host, a launch replayed', `${figure(emptyLaunch.hostReplay.median)} µs`],
    ...(results.parts.torch?.result?.results?.ceiling ?? []).map((/** @type {any} */ one) => [
      `PyTorch: ${one.what}`,
      one.gigabytesPerSecond ? `${figure(one.gigabytesPerSecond)} GB/s` : tera(1e9 * one.gflopsPerSecond),
    ]),
  ];
  return [...lines, table([['', 'measured'], ...rows])].join('\n');
}

/** @param {Results} results @param {import('./parts.mjs').Case} computed */
function kernels(results, computed) {
  const { precision, batch } = computed;
  const name = nameOf('kernels', computed);
  const lines = [`## Kernels, ${precision}, batch ${batch}`, ''];
  const convs = convolutions(results, computed);
  const memory = memoryKernels(results, computed);
  if (convs.length + memory.length === 0) return [...lines, `absent: ${whyAbsent(results, name)}`].join('\n');
  const own = precision === 'f32' ? 'fp32' : 'f16';
  const least = precision === 'f32' ? TARGET_SHARES.f32 : TARGET_SHARES.mixed;
  const mark = (/** @type {boolean} */ judged, /** @type {number} */ share, /** @type {number} */ target) => {
    if (!judged || !Number.isFinite(share)) return 'not judged';
    return share >= target ? 'met' : '**MISSED**';
  };
  const convRows = convs.map((row) => [
    row.operation,
    row.problem,
    row.variant,
    figure(row.milliseconds),
    figure(row.gflopsPerSecond / 1000),
    percent(row.share),
    mark(row.judged, row.share, least),
    figure(row.torch[own]),
    figure(row.torch.tf32),
    row.torch[own] === undefined ? '–' : `${figure(row.torch[own] / row.milliseconds)}×`,
  ]);
  const memoryRows = memory.map((row) => [
    row.operation,
    row.problem,
    row.variant,
    figure(row.milliseconds),
    figure(row.gigabytesPerSecond),
    percent(row.share),
    mark(row.judged, row.share, TARGET_SHARES.memory),
  ]);
  const ceiling = precision === 'f32' ? 'multiply-adds in f32' : 'products of matrices';
  const part = results.parts[name];
  return [
    ...lines,
    `The fastest variant of each problem; results.json has all. Of the ceiling: the least time that ${ceiling} or memory allow, over the time`,
    `taken; below ${SHORT_SECONDS * 1e6} µs it is not judged. PyTorch's times leave out the mirrored border, which it makes in a launch of its own.`,
    ...(part && part.status !== 'ok' ? ['', `Not complete: ${part.reason}`] : []),
    '',
    table([
      [
        'operation',
        'problem',
        'variant',
        'ms',
        'TFLOP/s',
        'of the ceiling',
        `${100 * least} %`,
        `PyTorch ${own} ms`,
        'PyTorch tf32 ms',
        `speed to PyTorch ${own}`,
      ],
      ...convRows,
    ]),
    '',
    table([['operation', 'problem', 'variant', 'ms', 'GB/s', 'of the copy', '80 %'], ...memoryRows]),
  ].join('\n');
}

/** Where the time of a step goes; null where it was not profiled. @param {Results} results @param {import('./parts.mjs').Case} computed */
function profile(results, computed) {
  const kernels = results.parts[nameOf('step', computed)]?.result?.profile?.kernels;
  if (!kernels) return null;
  const rows = [...kernels].sort((a, b) => b.share - a.share).slice(0, PROFILED);
  const body = rows.map((/** @type {any} */ { name, share, launches, milliseconds, ofCeiling }) => [
    ...[name, percent(share), `${launches}`, figure(milliseconds.median), percent(ofCeiling)],
  ]);
  return [
    `## A step by kernel, ${computed.precision}, batch ${computed.batch}`,
    '',
    table([['kernel', 'of the step', 'launches', 'ms', 'of the ceiling'], ...body]),
  ].join('\n');
}

/** @param {Results} results */
function correctness(results) {
  const rows = ALL_PRECISIONS.map((precision) => {
    const name = `verify ${precision}`;
    const found = results.parts[name]?.result;
    if (!found) return [precision, `absent: ${whyAbsent(results, name)}`, ''];
    const { passed, failed, leftOut, failures } = found;
    const counts = `${passed} passed, ${failed} failed, ${leftOut} left out`;
    return [precision, counts, failures.map((/** @type {string} */ line) => line.replace(/\s+/g, ' ')).join('; ')];
  });
  return ['## Compared with the reference', '', table([['precision', 'comparisons', 'failed'], ...rows])].join('\n');
}

/** @param {Results} results */
function webgpuPeers(results) {
  const columns = webgpuColumns(results.quick);
  const outcome = (/** @type {string} */ contender, /** @type {string} */ column) =>
    results.parts[`webgpu ${contender}`]?.result?.columns?.[column];
  const cell = (/** @type {string} */ contender, /** @type {string} */ column) => {
    const found = outcome(contender, column);
    return found?.timing
      ? figure(found.timing.median)
      : `absent: ${found?.missing ?? whyAbsent(results, `webgpu ${contender}`)}`;
  };
  const rows = ['cyclops', 'jax'].map((contender) => [contender, ...columns.map((column) => cell(contender, column))]);
  const ratios = columns.map((column) => {
    const [own, peer] = ['cyclops', 'jax'].map((contender) => outcome(contender, column)?.timing?.median);
    return own && peer ? `${figure(peer / own)}×` : '–';
  });
  return [
    '## Beside jax-js on WebGPU',
    '',
    'ms; the columns of `npm run bench:peers`: ngf 32, 6 blocks, 64 × 64 px, batch 1, f32.',
    '',
    table([['', ...columns], ...rows, ['jax / cyclops', ...ratios]]),
  ].join('\n');
}

/** @param {Results} results */
function device(results) {
  const doctor = results.parts.doctor?.result;
  const lines = ['## What the device offers', ''];
  if (!doctor) return [...lines, `absent: ${whyAbsent(results, 'doctor')}`].join('\n');
  const { adapter, features, limits, toggles, timestampNanoseconds } = doctor;
  const { min, max } = adapter.subgroupSize;
  const fields = ['m', 'n', 'k', 'component', 'result'];
  const configs = adapter.matrixConfigs.map((/** @type {any} */ config) => fields.map((field) => `${config[field]}`));
  return [
    ...lines,
    `- vendor ${adapter.vendor}, architecture ${adapter.architecture}, subgroups of ${min} to ${max}, timestamps in steps of ${timestampNanoseconds ?? '–'} ns`,
    `- features: ${features.join(', ')}`,
    `- toggles asked for: ${toggles.enabled.join(', ')}; off: ${toggles.disabled.join(', ')}`,
    `- limits: ${Object.entries(limits)
      .filter(([name]) => /Compute|Buffer(Size|BindingSize)|StorageBuffers|Immediate/.test(name))
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
    '',
    configs.length > 0
      ? table([['M', 'N', 'K', 'component', 'result'], ...configs])
      : 'Matrices of subgroups: absent: the device offers none.',
  ].join('\n');
}

/** @param {Results} results */
function parts(results) {
  const rows = Object.entries(results.parts).map(
    ([name, { status, seconds, reason = '', command = '', date, clocks }]) => [
      name,
      status,
      seconds.toFixed(1),
      date ?? '',
      clocks ? `${clocks.median} (${clocks.least} to ${clocks.most})` : '–',
      reason,
      command && `\`${command}\``,
    ],
  );
  const failures = ['torch', 'torch compile'].flatMap((name) =>
    (results.parts[name]?.result?.failures ?? []).map(
      (/** @type {any} */ { part, mode, precision, batch, error }) =>
        `- PyTorch, ${[part, mode ?? precision, batch].filter((value) => value !== undefined).join(' ')}: ${error}`,
    ),
  );
  return [
    '## Parts',
    '',
    table([['part', 'status', 's', 'at', 'clocks, MHz', 'why', 'command'], ...rows]),
    ...(failures.length > 0 ? ['', ...failures] : []),
  ].join('\n');
}
