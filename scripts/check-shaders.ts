/**
 * Compiles every kernel of src/kernels/wgsl on Dawn's null backend, which validates everything and needs no GPU; run by `npm run shaders`.
 * Kernels lie in the folder itself, the fragments that they include in folders below it. Errors are printed with file, line and column
 * of the .wgsl that a person edits, and make the exit status 1. A path as first argument checks the .wgsl files of that folder instead.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WANTED_LIMITS } from '../src/gpu/device.ts';
import { CyclopsError } from '../src/gpu/errors.ts';
import { fusedKernel } from '../src/gpu/fused-kernel.ts';
import { openDawn } from '../src/gpu/host/dawn.ts';
import { immediatesAsUniform } from '../src/gpu/immediates.ts';
import type { Kernel } from '../src/gpu/launch.ts';
import { compileShader } from '../src/gpu/shader-errors.ts';
import { expandIncludes } from '../src/kernels/include.ts';
import { DTYPE_F16, EIGHTS, F32_LEVELS, LANES_16, SPLIT, VEC4, WIDE, WINOGRAD_4X4 } from '../src/kernels/source.ts';

/** Of a path: lower-case words and numbers, joined by hyphens. */
const KEBAB = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.wgsl$/;

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, 'src/kernels/wgsl'));
const shown = (relative(root, folder).startsWith('..') ? folder : relative(root, folder)).replaceAll(sep, '/');

/** Values for the `override` constants without a default, several times over so that other branches are taken too. */
function choicesOf(code: string): Record<string, number>[] {
  const names = [...code.matchAll(/^\s*override\s+(\w+)\s*:\s*(\w+)\s*;/gm)];
  if (names.length === 0) return [{}];
  return [0, 1, 2, 3].map((i) =>
    Object.fromEntries(names.map(([, name, type]) => [name, type === 'bool' ? i % 2 : i + 1])),
  );
}

// Held here: Dawn crashes when this is collected before its device.
const { gpu } = openDawn({ backend: 'null', checked: true });

async function openDevice(): Promise<GPUDevice> {
  const adapter = await gpu.requestAdapter();
  if (!adapter) throw new CyclopsError("Dawn's null backend did not answer: is the package `webgpu` installed whole?");
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
  const wanted = ['subgroups', 'shader-f16', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[];
  return adapter.requestDevice({ requiredFeatures: wanted.filter((f) => adapter.features.has(f)), requiredLimits });
}

/** What is wrong with a kernel where several launches of it are done in one. */
async function checkFused(device: GPUDevice, { name, code }: Kernel): Promise<string | null> {
  const access = [...code.matchAll(/var<storage, (read|read_write)>/g)].map(([, mode]) =>
    mode === 'read' ? 'r' : 'w',
  );
  const fused = fusedKernel({ name: `${shown}/${name}`, code, access: access.join(''), constants: {} }, 3);
  if (!fused) return `${shown}/${name}: launches of it cannot be fused; see src/gpu/fused-kernel.ts`;
  return (await compileShader(device, fused).fault) ?? (await compileShader(device, fused, immediatesAsUniform).fault);
}

/** What is wrong with a kernel under these substitutes for included files, and the files that it is made of. */
async function check(
  device: GPUDevice,
  name: string,
  instead: Readonly<Record<string, string>>,
): Promise<{ problem: string | null; files: Set<string> }> {
  const read = (file: string) => (existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : null);
  const kernel: Kernel = { name, ...expandIncludes(shown, name, read, instead), access: '', constants: {} };
  const files = new Set(kernel.lines?.map(({ file }) => file));
  const { module, fault } = compileShader(device, kernel);
  let problem = (await fault) ?? (await compileShader(device, kernel, immediatesAsUniform).fault);
  for (const constants of choicesOf(kernel.code)) {
    if (problem !== null) break;
    device.pushErrorScope('validation');
    device.createComputePipeline({ label: name, layout: 'auto', compute: { module, entryPoint: 'main', constants } });
    const error = await device.popErrorScope();
    if (error) problem = `${shown}/${name}: with the constants ${JSON.stringify(constants)}: ${error.message.trim()}`;
  }
  if (problem === null) problem = await checkFused(device, kernel);
  return { problem, files };
}

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(sep, '/'))
  .filter((file) => file.endsWith('.wgsl'))
  .sort();
const kernels = files.filter((file) => !`/${file}`.includes('/parts/'));
const problems: string[] = [];
const used = new Set<string>();
const device = await openDevice();
for (const name of kernels) {
  try {
    const plain = await check(device, name, {});
    // A kernel with parts that others may take the place of is several.
    const checks = [plain];
    for (const instead of [
      DTYPE_F16,
      VEC4,
      F32_LEVELS,
      LANES_16,
      EIGHTS,
      WINOGRAD_4X4,
      WIDE,
      SPLIT,
      { ...EIGHTS, ...SPLIT },
    ]) {
      const concerned = Object.keys(instead).some((part) => plain.files.has(`${shown}/${part}`));
      if (concerned && plain.problem === null) checks.push(await check(device, name, instead));
    }
    for (const { problem, files: parts } of checks) {
      for (const part of parts) used.add(part);
      if (problem !== null) problems.push(problem);
    }
  } catch (error) {
    if (!(error instanceof CyclopsError)) throw error;
    problems.push(error.message);
  }
}
device.destroy();
if (problems.length === 0) {
  const unused = files.map((file) => `${shown}/${file}`).filter((file) => !used.has(file));
  problems.push(...unused.map((file) => `${file}: no kernel includes it`));
}
problems.push(
  ...files.filter((file) => !KEBAB.test(file)).map((file) => `${shown}/${file}: expected a name in kebab-case`),
);
for (const problem of problems) console.error(problem);
console.log(`shaders: ${kernels.length} kernels, ${problems.length} broken`);
if (problems.length > 0) process.exitCode = 1;
