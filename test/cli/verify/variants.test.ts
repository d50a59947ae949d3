import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyGolden } from '../../../src/cli/verify/verify.ts';
import { Device } from '../../../src/gpu/device.ts';
import { forceVariants } from '../../../src/kernels/tuning/choices.ts';
import { operations } from '../../../src/kernels/tuning/operations.ts';

/** Golden data with the forced training step alone: the case that a variant with too large rounding errors fails first. */
const folder = mkdtempSync(join(tmpdir(), 'cyclops-golden-'));
let device: Device;
beforeAll(async () => {
  const golden = resolve('test/golden/train');
  const index: { name: string }[] = JSON.parse(readFileSync(join(golden, 'index.json'), 'utf8'));
  mkdirSync(join(folder, 'train'));
  writeFileSync(join(folder, 'train', 'index.json'), JSON.stringify(index.filter(({ name }) => name === 'forced')));
  symlinkSync(join(golden, 'forced'), join(folder, 'train', 'forced'));
  device = await Device.open({ checked: true });
});
afterAll(() => {
  device.close();
  rmSync(folder, { recursive: true });
});

const forced = operations.flatMap(({ name, variants }) =>
  variants.map((variant) => [`${name}=${variant.name}`, variant] as const),
);

test.each(forced)('a training step with %s follows the reference', async (name, { madeFor }) => {
  // Never chosen there by tuning, and minutes to compile.
  if (madeFor === 'gpu' && device.info.software) return;
  forceVariants(device, [name]);
  const lines: string[] = [];
  const { passed } = await verifyGolden(device, folder, (line) => lines.push(line));
  expect(lines.filter((line) => line.endsWith('FAILED'))).toEqual([]);
  expect(passed).toBeGreaterThan(5);
});
