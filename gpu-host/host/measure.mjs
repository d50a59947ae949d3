// Measures everything on a GPU host, part by part: see ../measure.sh.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepChoices } from './choices.mjs';
import { partsOf } from './parts.mjs';
import { markdown } from './report.mjs';
import { runPart } from './run-part.mjs';

/** After so many seconds everything ends, unless told otherwise. */
const MOST_SECONDS = 520;
/** After this share of them no part begins that can be spared. */
const SPARING = 0.75;

/** @param {string} text @returns {never} */
function fail(text) {
  console.error(`measure.sh: ${text}`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { quick: { type: 'boolean' }, seconds: { type: 'string' } },
      allowPositionals: true,
    });
    const [out, ...more] = positionals;
    if (out === undefined || more.length > 0)
      return fail('expected one folder for the results, and perhaps --quick or --seconds NUMBER');
    const most = Number(values.seconds ?? MOST_SECONDS);
    if (!(most > 0)) return fail(`expected --seconds NUMBER; got ${values.seconds}`);
    return { out: resolve(out), quick: values.quick ?? false, most };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error} Expected: OUT_FOLDER [--quick] [--seconds NUMBER].`);
  }
}

/** What a program prints, or null. @param {string[]} command */
function say([file = '', ...args]) {
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000 });
  return status === 0 ? stdout.trim() : null;
}

/** The driver's own view; null without its program. */
function nvidia() {
  const fields = ['name', 'driver_version', 'memory.total', 'clocks.sm', 'clocks.mem', 'temperature.gpu', 'power.draw'];
  const values = say(['nvidia-smi', `--query-gpu=${fields.join(',')}`, '--format=csv,noheader']);
  return (
    values &&
    Object.fromEntries(
      values
        .split('\n', 1)[0]
        ?.split(', ')
        .map((value, i) => [fields[i], value]) ?? [],
    )
  );
}

/** @param {string} root @param {boolean} quick @returns {{ command: string[] } | { absent: string }} */
function findTorch(root, quick) {
  const answer = say(['python3', '-c', 'import torch; print(torch.__version__, torch.cuda.is_available())']);
  if (answer === null)
    return { absent: say(['python3', '--version']) ? 'python3 has no PyTorch' : 'there is no python3' };
  const program = ['python3', join(root, 'bench/peers/torch_cyclegan.py'), ...(quick ? ['--quick'] : [])];
  if (answer.endsWith('True')) return { command: program };
  return quick
    ? { command: [...program, '--cpu'] }
    : { absent: `PyTorch ${answer.split(' ')[0]} finds no CUDA device` };
}

/** What a command printed as JSON; null for anything else. @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The last line of `verify`, and what failed. @param {string} text */
function verdict(text) {
  const counts = /(\d+) comparisons passed, (\d+) failed; (\d+) cases left out/.exec(text);
  const failures = text.split('\n').filter((line) => line.endsWith('FAILED'));
  if (!counts) return null;
  const [passed, failed, leftOut] = counts.slice(1).map(Number);
  return { passed, failed, leftOut, failures };
}

const { out, quick, most } = readArguments();
const root = process.env.CYCLOPS_ROOT;
if (root === undefined)
  fail('CYCLOPS_ROOT is not set; start this with: gpu-host/kit/run.sh exec bash …/gpu-host/measure.sh OUT');
const log = join(out, 'log.txt');
mkdirSync(out, { recursive: true });
writeFileSync(log, '');
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;

/** @type {import('./figures.mjs').Results} */
const results = {
  date: new Date().toISOString(),
  command: ['gpu-host/measure.sh', ...process.argv.slice(2)].join(' '),
  quick,
  host: {
    cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    kernel: release(),
    nvidia: nvidia(),
  },
  seconds: 0,
  parts: {},
};

function write() {
  results.seconds = elapsed();
  const files = { 'results.json': `${JSON.stringify(results, null, 1)}\n`, 'results.md': markdown(results) };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(out, `${name}.partial`), text);
    renameSync(join(out, `${name}.partial`), join(out, name));
  }
}

/** @param {string} subcommand */
const offersPrecision = (subcommand) =>
  (say(['cyclops', ...subcommand.split(' '), '--help']) ?? '').includes('--precision');

const temporary = mkdtempSync(join(tmpdir(), 'gpu-host-'));
// A second run into the same folder need not measure again which kernels are fastest.
const saveChoices = keepChoices(temporary, out);
try {
  write();
  for (const part of partsOf({ offersPrecision, torch: findTorch(root, quick), quick, root, most })) {
    const { name, command, extra, json } = part;
    const left = most - elapsed();
    const late = extra ? elapsed() > SPARING * most : left < 5;
    const absent = part.absent ?? (late ? `no time was left for it after ${elapsed().toFixed(0)} s` : undefined);
    if (!command || absent !== undefined) {
      results.parts[name] = { status: 'absent', reason: absent ?? 'it has no command', seconds: 0 };
      console.error(`${name}: absent: ${results.parts[name].reason}`);
      write();
      continue;
    }
    // PyTorch writes as it goes, so its file is worth having even where everything here was ended.
    const file = join(name.startsWith('torch') ? out : temporary, `${name.replaceAll(' ', '-')}.json`);
    rmSync(file, { force: true });
    const complete = json ? [...command, '--json', file] : command;
    const { stdout, ...outcome } = await runPart(complete, { seconds: Math.min(part.seconds, left), log });
    const result = json
      ? existsSync(file) && parsed(readFileSync(file, 'utf8'))
      : name.startsWith('verify')
        ? verdict(stdout)
        : parsed(
            stdout
              .trimEnd()
              .split(/\n(?=\{)/)
              .at(-1) ?? '',
          );
    const { status, seconds, code, lastWords } = outcome;
    const reason =
      status === 'ok'
        ? {}
        : {
            reason:
              status === 'timed out' ? `it was ended after ${seconds.toFixed(0)} s` : `exit code ${code}: ${lastWords}`,
          };
    results.parts[name] = { status, seconds, command: complete.join(' '), ...reason, ...(result && { result }) };
    console.error(`${name}: ${status}, ${seconds.toFixed(1)} s${reason.reason ? `: ${reason.reason}` : ''}`);
    saveChoices();
    write();
  }
} finally {
  rmSync(temporary, { recursive: true });
}
results.host.nvidiaAfter = nvidia();
write();
console.log(readFileSync(join(out, 'results.md'), 'utf8'));
