/**
 * Times Cyclops against its WebGPU peers on this machine's adapter, and beside PyTorch on the CPU where that is installed: `npm run bench:peers [-- --only cyclops,tfjs] [-- --json FILE]`.
 * Prints the table, checks that all computed the same, and exits with 1 when a bar is missed or a check fails.
 */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installPackages, missingPackages } from '../../scripts/setup/packages.mjs';
import { versions } from '../../src/workflow/common/versions.ts';
import type { Report } from './contender.ts';
import { COLUMNS } from './problems.ts';
import { differences, judge, TORCH_BAR, table, timesOfTorch } from './table.ts';

/** Those that packages of this folder are needed for. */
const PACKAGES = ['tfjs', 'jax', 'onnxruntime'];
const CONTENDERS = ['cyclops', ...PACKAGES, 'torch'];

const folder = fileURLToPath(new URL('.', import.meta.url));

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}

function readArguments(): { names: readonly string[]; json: string | undefined } {
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
    const names = values.only?.split(',') ?? CONTENDERS;
    const stranger = names.find((name) => !CONTENDERS.includes(name));
    if (stranger === undefined) return { names, json: values.json };
    return fail(`--only names '${stranger}'; expected some of ${CONTENDERS.join(',')}.`);
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error} Expected --only NAME,NAME and --json FILE.`);
  }
}

function installPeers(): void {
  if (missingPackages(folder).length === 0) return;
  console.error('Installing the peers (npm ci in bench/peers, about 600 MB) …');
  // No install script runs: that of onnxruntime-node would download CUDA libraries.
  if (!installPackages(folder)) fail('npm ci in bench/peers failed, its message is above. Run again when it works.');
}

/** Runs one contender in a process of its own; one that ends without a report is missing in all columns. */
function measure(name: string): Promise<Report> {
  const command = ['--import', 'tsx', fileURLToPath(new URL(`./${name}.ts`, import.meta.url))];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      const last = output.trimEnd().split('\n').at(-1) ?? '';
      if (code === 0) resolve(JSON.parse(last));
      const missing = `its process ended with ${signal ?? `code ${code}`}; what it said stands above the table`;
      const columns = Object.fromEntries(COLUMNS.map((column) => [column, { missing }]));
      resolve({ name, version: '', adapter: null, columns });
    });
  });
}

function git(...command: string[]): string {
  return spawnSync('git', command, { cwd: folder, encoding: 'utf8' }).stdout?.trim() ?? '';
}

const { names, json } = readArguments();
if (names.some((name) => PACKAGES.includes(name))) installPeers();
const date = new Date().toISOString();
const reports: Report[] = [];
const load: Record<string, number> = {};
for (const name of names) {
  load[name] = loadavg()[0] ?? Number.NaN;
  reports.push(await measure(name));
}

const adapters = [...new Set(reports.flatMap(({ adapter }) => adapter ?? []))];
const verdicts = judge(reports);
const checks = differences(reports);
const cpu = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`;
const commit = `${git('rev-parse', 'HEAD')}${git('status', '--porcelain') === '' ? '' : ' with changes'}` || 'unknown';

console.log(`${adapters.join(' and ')}; ${cpu}; ${date}; commit ${commit}`);
console.log(
  `load average before each: ${Object.entries(load)
    .map(([name, value]) => `${name} ${value.toFixed(1)}`)
    .join(', ')}\n`,
);
console.log(table(reports));
if (checks.length > 0) console.log('\nLargest difference from what cyclops computes, as a share of the largest value:');
for (const { contender, column, count, difference, same } of checks) {
  console.log(
    `  ${contender} ${column}: ${difference.toExponential(1)} of ${count} values${same ? '' : ', NOT THE SAME COMPUTATION'}`,
  );
}

const besideTorch = timesOfTorch(reports, 'step');
const own = reports.find(({ name }) => name === 'cyclops');
const faults = [
  ...COLUMNS.filter((column) => own?.columns[column] && 'missing' in own.columns[column]).map(
    (column) => `cyclops has no figure for ${column}.`,
  ),
  ...(adapters.length > 1 ? [`The contenders ran on different adapters: ${adapters.join(', ')}.`] : []),
  ...checks
    .filter(({ same }) => !same)
    .map(({ contender, column }) => `${contender} computes something else in ${column}.`),
  ...verdicts.flatMap(({ column, bar, ratio }) =>
    ratio !== null && ratio < bar ? `${column}: ${ratio.toFixed(2)}× misses the bar of ${bar}×.` : [],
  ),
  ...(besideTorch !== null && besideTorch > TORCH_BAR
    ? [`step: ${besideTorch.toFixed(2)} times the time of PyTorch on the CPU misses the bar of ${TORCH_BAR} times.`]
    : []),
];
const judged = verdicts.filter(({ ratio }) => ratio !== null).length;
console.log(
  `\n${faults.length > 0 ? faults.join('\n') : `${judged} of ${COLUMNS.length} bars could be judged, and were met.`}`,
);
if (json !== undefined) {
  const summary = reports.map(({ name, version, adapter, columns }) => ({
    ...{ name, version, adapter, loadAverage: load[name] },
    columns: Object.fromEntries(
      Object.entries(columns).map(([column, outcome]) => [column, 'timing' in outcome ? outcome.timing : outcome]),
    ),
  }));
  const result = {
    date,
    commit,
    device: adapters,
    cpu,
    versions: versions(),
    contenders: summary,
    verdicts,
    checks,
    faults,
  };
  writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
}
if (faults.length > 0) process.exitCode = 1;
