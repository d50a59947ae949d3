import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PNG } from 'pngjs';
import { preprocessing } from '../../src/anomaly/detector/model-file.ts';
import { parseConfig } from '../../src/cyclegan/config.ts';
import { preset } from '../../src/cyclegan/presets.ts';
import { readDataset } from '../../src/data/datasets/layouts.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/data/files/safetensors.ts';
import { encodePng } from '../../src/data/images/png.ts';
import { PROGRAM } from './program.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHIPPED = join(ROOT, 'data', 'bsdata_pitting');

/** A folder that lives as long as the test file. */
export function temporaryFolder(): { path: (...parts: string[]) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'cyclops-cli-'));
  return {
    path: (...parts) => join(folder, ...parts),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Writes 32 × 32 cuts of real photographs as normal/ and abnormal/, with the same names and bytes each time. */
export function makeData(folder: string, counts: { normal: number; abnormal: number }, skip = 0): string {
  const images = readDataset(SHIPPED).images;
  for (const label of ['normal', 'abnormal'] as const) {
    mkdirSync(join(folder, label), { recursive: true });
    const chosen = images.filter((image) => image.label === label).slice(skip, skip + counts[label]);
    for (const [i, { path }] of chosen.entries()) writeFileSync(join(folder, label, `${i}.png`), cut(path));
  }
  return folder;
}

/** The middle 32 × 32 pixels of an RGB image, as PNG. */
function cut(path: string): Buffer {
  const { width, height, data } = PNG.sync.read(readFileSync(path));
  const side = 32;
  const [left, top] = [(width - side) >> 1, (height - side) >> 1];
  const out = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const pixel = (top + y) * width + left + x;
      out.set(data.subarray(4 * pixel, 4 * pixel + 3), 3 * (y * side + x));
    }
  }
  return encodePng(side, side, 3, out);
}

/** The configuration of a training that takes seconds. */
export const SMALL_CONFIG = {
  ...preset('tiny'),
  ...{ blocks: 1, ngf: 4, ndf: 4, loadSize: 32, cropSize: 28, poolSize: 2, rotate: true },
  ...{ checkpointInterval: 3, sampleInterval: 0 },
};

/** The same as options of the command line. */
export const SMALL = [
  ...['--preset', 'tiny', '--blocks', '1', '--ngf', '4', '--ndf', '4', '--load-size', '32', '--crop-size', '28'],
  ...['--pool-size', '2', '--rotate', '--checkpoint-interval', '3', '--sample-interval', '0'],
];

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  /** With line breaks as spaces, and without what Dawn prints of itself. */
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  outcome: Promise<Outcome>;
}

/**
 * Starts the real command line in a process of its own.
 *
 * @param uid the user to run it as @param env what its environment has besides @param program what Node runs
 */
export function start(
  args: readonly string[],
  uid?: number,
  env: NodeJS.ProcessEnv = {},
  program: readonly string[] = PROGRAM,
): Running {
  const child = spawn(process.execPath, [...program, ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    ...(uid !== undefined && { uid }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data) => {
    stdout += data;
  });
  child.stderr.on('data', (data) => {
    stderr += data;
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const own = stderr.split('\n').filter((line) => !/^Warning: maxDynamic\w+ artificially reduced/.test(line));
      resolve({ code, signal, stdout, stderr: own.join(' ') });
    });
  });
  return { child, outcome };
}

export function cyclops(...args: string[]): Promise<Outcome> {
  return start(args).outcome;
}

/** The files of a checkpoint by name, but for what the clock decides. */
export function checkpointBytes(run: string): Map<string, string> {
  const folder = join(run, 'checkpoint');
  return new Map(
    readdirSync(folder)
      .filter((name) => name !== 'manifest.json')
      .sort()
      .map((name) => {
        const bytes = readFileSync(join(folder, name));
        return [name, name === 'position.json' ? withoutSeconds(bytes.toString()) : bytes.toString('base64')];
      }),
  );
}

/** Makes a checkpoint one of the versions before checksums, so that a test can change its files and reach what lies behind. */
export function withoutChecksums(checkpoint: string): void {
  const path = join(checkpoint, 'manifest.json');
  const { crc32, ...manifest } = JSON.parse(readFileSync(path, 'utf8'));
  if (!crc32) throw new Error(`${path} holds no checksums.`);
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}

function withoutSeconds(json: string): string {
  return json.replace(/"seconds": [\d.e+-]+/, '');
}

/** A copy of a model file that says that it was trained when JPEG files were decoded otherwise. */
export function ofOtherDecoder(model: string, copy: string): string {
  const { tensors, metadata } = decodeSafetensors(readFileSync(model), model);
  const config = parseConfig({ ...JSON.parse(metadata.config ?? ''), preprocessing: 1 }, model);
  const said = { ...metadata, config: JSON.stringify(config), preprocessing: preprocessing(config) };
  writeFileSync(copy, encodeSafetensors(tensors, said));
  return copy;
}

/** Waits for a condition, for at most three minutes. */
export async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 9000; tries++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('What was waited for did not happen within three minutes.');
}
