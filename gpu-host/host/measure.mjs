// Measures everything on a GPU host, part by part: see ../measure.sh.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepChoices } from './choices.mjs';
import { findTorch, nvidia, offersPrecision } from './found.mjs';
import { reasonOf, resultOf } from './outcome.mjs';
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
    const { status, seconds } = outcome;
    const [result, reason] = [resultOf(part, { stdout, file }), reasonOf(outcome)];
    results.parts[name] = {
      ...{ status, seconds, command: complete.join(' ') },
      ...(reason && { reason }),
      ...(result && { result }),
    };
    console.error(`${name}: ${status}, ${seconds.toFixed(1)} s${reason ? `: ${reason}` : ''}`);
    saveChoices();
    write();
  }
} finally {
  rmSync(temporary, { recursive: true });
}
results.host.nvidiaAfter = nvidia();
write();
console.log(readFileSync(join(out, 'results.md'), 'utf8'));
