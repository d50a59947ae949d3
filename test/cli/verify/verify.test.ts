import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGolden } from '../../../src/cli/verify/golden.ts';
import { errorOverMax, passes, RelativeL2, worstRelativeError } from '../../../src/cli/verify/tolerance.ts';
import { verifyGolden } from '../../../src/cli/verify/verify.ts';
import { encodeSafetensors } from '../../../src/data/files/safetensors.ts';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';

let device: Device;
let folder: string;
beforeAll(async () => {
  device = await Device.open({ checked: true });
  folder = mkdtempSync(join(tmpdir(), 'cyclops-golden-'));
  mkdirSync(join(folder, 'nets'));
  const index = [
    { name: 'patchgan_n3_64x64', arch: { kind: 'D', netD: 'n_layers', n_layers: 3, inc: 3, nf: 8, norm: 'instance' } },
    { name: 'stylegan2', arch: { kind: 'G', netG: 'stylegan2', inc: 3, nf: 8, norm: 'instance' } },
  ];
  writeFileSync(join(folder, 'nets', 'index.json'), JSON.stringify(index));
});
afterAll(() => {
  device.close();
  rmSync(folder, { recursive: true });
});

const NET = 'patchgan_n3_64x64';

/** A fresh copy of the golden discriminator. */
function restore(): void {
  for (const part of ['json', 'io.safetensors', 'weights.safetensors']) {
    cpSync(new URL(`../../golden/nets/${NET}.${part}`, import.meta.url), join(folder, 'nets', `${NET}.${part}`));
  }
}

async function verify(): Promise<{ lines: string[]; failed: string[]; passed: number }> {
  const lines: string[] = [];
  const { passed, failed } = await verifyGolden(device, folder, (line) => lines.push(line));
  const failures = lines.filter((line) => line.endsWith('FAILED'));
  expect(failures).toHaveLength(failed);
  return { lines, failed: failures, passed };
}

test('passes what agrees and lists by name what it leaves out', async () => {
  restore();
  const live = device.pool.use.liveBuffers;
  const { lines, failed, passed } = await verify();
  expect(failed).toEqual([]);
  expect(passed).toBe(5);
  expect(lines.join('\n')).toMatch(/nets\/stylegan2: the architecture stylegan2 is not part/);
  expect(lines.join('\n')).toMatch(/ops: there is no ops\/ in/);
  expect(lines.at(-1)).toMatch(/5 comparisons passed, 0 failed; 3 cases left out/);
  expect(device.pool.use.liveBuffers).toBe(live);
});

test('does not pass where nothing was compared', async () => {
  const kept = readFileSync(join(folder, 'nets', 'index.json'));
  const unknown = [{ name: 'stylegan2', arch: { kind: 'G', netG: 'stylegan2', inc: 3, nf: 8, norm: 'instance' } }];
  try {
    for (const index of ['[]', '{}', 'null', '7', '[null]', '[{}]', JSON.stringify(unknown), '']) {
      writeFileSync(join(folder, 'nets', 'index.json'), index);
      await expect(verify(), index).rejects.toThrow(CyclopsError);
    }
    await expect(verifyGolden(device, join(folder, 'nets'), () => {})).rejects.toThrow(/holds no golden data/);
  } finally {
    writeFileSync(join(folder, 'nets', 'index.json'), kept);
  }
});

test('compares one training step in mixed precision, and lists the rest as left to f32', async () => {
  const live = device.pool.use.liveBuffers;
  const lines: string[] = [];
  const golden = new URL('../../golden', import.meta.url).pathname;
  const verdict = await verifyGolden(device, golden, (line) => lines.push(line), 'mixed');
  expect(lines.filter((line) => line.endsWith('FAILED'))).toEqual([]);
  expect(verdict).toEqual({ passed: 9, failed: 0, leftOut: 3 });
  expect(lines.filter((line) => line.startsWith('train/forced'))).toHaveLength(9);
  expect(device.pool.use.liveBuffers).toBe(live);
});

test.each([
  ['output', 1e-3, 1, /output/],
  ['grad_input', 1e-2, 1, /input gradient/],
  // The worst single tensor may be further off than all together.
  ['grad.model.5.weight', 1e-2, 2, /weight gradients[\s\S]*worst of them, model\.5\.weight/],
])('fails when %s of the reference is off by %d', async (key, share, count, message) => {
  restore();
  const file = join(folder, 'nets', `${NET}.io.safetensors`);
  const golden = readGolden(file);
  golden.set(key, {
    shape: golden.get(key)?.shape ?? [],
    data: golden.get(key)?.data.map((v) => v * (1 + share)) ?? new Float32Array(),
  });
  writeFileSync(file, encodeSafetensors(golden));
  const { failed } = await verify();
  expect(failed).toHaveLength(count);
  expect(failed.join('\n')).toMatch(message);
});

test('a missing, truncated or lacking file is named', async () => {
  restore();
  const file = join(folder, 'nets', `${NET}.io.safetensors`);
  const whole = readFileSync(file);
  truncateSync(file, 1000);
  await expect(verify()).rejects.toThrow(/patchgan_n3_64x64\.io\.safetensors is not a complete safetensors file/);
  rmSync(file);
  await expect(verify()).rejects.toThrow(CyclopsError);
  await expect(verify()).rejects.toThrow(/patchgan_n3_64x64\.io\.safetensors is missing/);
  writeFileSync(file, whole);
  const golden = readGolden(file);
  golden.delete('target');
  writeFileSync(file, encodeSafetensors(golden));
  await expect(verify()).rejects.toThrow(/lack the tensor 'target'/);
});

test('a manifest that holds something else is named, with what was expected', async () => {
  restore();
  for (const manifest of ['{}', 'null', '{"dead_biases": {"0": 1}}', '{"dead_biases": [7]}', '[[']) {
    writeFileSync(join(folder, 'nets', `${NET}.json`), manifest);
    await expect(verify(), manifest).rejects.toThrow(/patchgan_n3_64x64\.json does not hold what golden data are/);
  }
  restore();
});

test('a folder without golden data is refused', async () => {
  const empty = mkdtempSync(join(tmpdir(), 'cyclops-empty-'));
  await expect(verifyGolden(device, empty, () => {})).rejects.toThrow(
    /holds no golden data: expected ops\/index\.json/,
  );
  rmSync(empty, { recursive: true });
});

test('errors are measured as their names say, and what is not a number never passes', () => {
  expect(errorOverMax([1, 2.5, -4], [1, 2, -4])).toBeCloseTo(0.125);
  expect(errorOverMax([0.5, 0], [0, 0])).toBe(0.5);
  expect(worstRelativeError([1.1, 200], [1, 100])).toBeCloseTo(1);
  expect(new RelativeL2().add([3, 4], [0, 4], [0, 1]).add([0], [0], [-4]).error).toBeCloseTo(3 / 5);
  for (const error of [
    errorOverMax([Number.NaN], [1]),
    new RelativeL2().add([Number.NaN], [1]).error,
    errorOverMax([], [1]),
    new RelativeL2().add([], [1]).error,
    worstRelativeError([Number.NaN], [1]),
  ]) {
    expect(passes({ name: '', what: '', error, tolerance: 1e9 })).toBe(false);
  }
});
