import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test, vi } from 'vitest';

const run = promisify(execFile);

test('a process outlives the devices that it closes and the collector takes', async () => {
  const script = new URL('open-and-close.ts', import.meta.url).pathname;
  const { stdout } = await run(process.execPath, ['--expose-gc', '--import', 'tsx', script]);
  expect(stdout).toBe('all closed\n');
}, 60_000);

test("an instance is not its module's, which a loader may let go of", async () => {
  const { gpu } = (await import('../../../src/gpu/host/dawn.ts')).openDawn({});
  vi.resetModules();
  const anew = await import('../../../src/gpu/host/dawn.ts');
  expect(anew.openDawn({}).gpu).toBe(gpu);
  expect(anew.openDawn({ checked: true }).gpu).not.toBe(gpu);
});
