// Measures everything on a GPU host, part by part: see ../measure.sh.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { keepChoices } from './choices.mjs';
import { clocksSince, logClocks } from './clocks.mjs';
import { findTorch, nvidia, offersPrecision } from './found.mjs';
import { reasonOf, resultOf } from './outcome.mjs';
import { KINDS, ordered, partsOf } from './parts.mjs';
import { markdown } from './report.mjs';
import { runPart } from './run-part.mjs';

/** For so many minutes the machine is there, unless told otherwise; … */
const LEASE_MINUTES = 12;
/** … of which this many seconds are left to fetch what was measured. */
const MARGIN_SECONDS = 30;
/** After this share of them no part begins that can be spared. */
const SPARING = 0.75;

const USAGE = 'Expected: OUT_FOLDER [--lease MINUTES] [--only steps,kernels,verify,train] [--quick].';

/** @param {string} text @returns {never} */
function fail(text) {
  console.error(`measure.sh: ${text}`);
  process.exit(2);
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      options: { quick: { type: 'boolean' }, lease: { type: 'string' }, only: { type: 'string' } },
      allowPositionals: true,
    });
    const [out, ...more] = positionals;
    if (out === undefined || more.length > 0) return fail(`expected one folder for the results. ${USAGE}`);
    const most = 60 * Number(values.lease ?? LEASE_MINUTES) - MARGIN_SECONDS;
    if (!(most > 0)) return fail(`expected --lease with more than half a minute; got ${values.lease}`);
    const asked = values.only?.split(',') ?? KINDS;
    const only = KINDS.filter((kind) => asked.includes(kind));
    if (only.length < asked.length) return fail(`expected --only with some of ${KINDS.join(',')}; got ${values.only}`);
    return { out: resolve(out), quick: values.quick ?? false, most, only };
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error} ${USAGE}`);
  }
}

const { out, quick, most, only } = readArguments();
const root = process.env.CYCLOPS_ROOT;
if (root === undefined)
  fail('CYCLOPS_ROOT is not set; start this with: gpu-host/kit/run.sh exec bash …/gpu-host/measure.sh OUT');
const log = join(out, 'log.txt');
const parts = join(out, 'parts');
const clocks = join(out, 'clocks.csv');
mkdirSync(parts, { recursive: true });
writeFileSync(log, '');
/** What an earlier run into this folder measured at the same sizes. */
const earlier = earlierParts();
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
  parts: { ...earlier },
};

/** @returns {Record<string, import('./figures.mjs').PartResult>} */
function earlierParts() {
  try {
    const before = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    const kept = Object.entries(before.parts).filter(([, { status }]) => status === 'ok');
    return before.quick === quick ? Object.fromEntries(kept) : {};
  } catch {
    return {};
  }
}

/** Told to end, it ends the part in hand, writes down what there is, and goes. */
const stopped = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => stopped.abort());

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
const logged = logClocks(clocks);
const sizeOf = (/** @type {string} */ file) => (existsSync(file) ? statSync(file).size : 0);
try {
  write();
  const all = partsOf({ offersPrecision, torch: findTorch(root, quick), quick, root, most, out });
  for (const part of ordered(all, only, (name) => name in earlier)) {
    if (stopped.signal.aborted) break;
    const { name, command, extra, json, writes } = part;
    const left = most - elapsed();
    const late = extra ? elapsed() > SPARING * most : left < 5;
    const absent = part.absent ?? (late ? `no time was left for it after ${elapsed().toFixed(0)} s` : undefined);
    if (!command || absent !== undefined) {
      // What an earlier run measured stays.
      results.parts[name] ??= { status: 'absent', reason: absent ?? 'it has no command', seconds: 0 };
      console.error(`${name}: absent: ${absent}`);
      write();
      continue;
    }
    // In the folder of results, since some programs write as they go, and all of this may be ended at any moment.
    const file = writes ?? join(parts, `${name.replaceAll(' ', '-')}.json`);
    rmSync(file, { force: true });
    const complete = json ? [...command, '--json', file] : command;
    const from = sizeOf(clocks);
    const limit = { seconds: Math.min(part.seconds, left), log, until: stopped.signal };
    const { stdout, ...ended } = await runPart(complete, limit);
    const outcome = stopped.signal.aborted ? { ...ended, status: /** @type {const} */ ('timed out') } : ended;
    const { status, seconds } = outcome;
    const [result, reason] = [resultOf(part, { stdout, file }), reasonOf(outcome)];
    const rates = clocksSince(clocks, from);
    const found = {
      ...{ status, seconds, command: complete.join(' '), date: new Date().toISOString() },
      ...(reason && { reason }),
      ...(rates && { clocks: rates }),
      ...(result && { result }),
    };
    // What was whole before is not given up for a part of it.
    if (status === 'ok' || results.parts[name]?.status !== 'ok') results.parts[name] = found;
    console.error(`${name}: ${status}, ${seconds.toFixed(1)} s${reason ? `: ${reason}` : ''}`);
    saveChoices();
    write();
  }
} finally {
  logged.end();
  rmSync(temporary, { recursive: true });
}
results.host.nvidiaAfter = nvidia();
write();
console.log(readFileSync(join(out, 'results.md'), 'utf8'));
if (stopped.signal.aborted) process.exitCode = 130;
