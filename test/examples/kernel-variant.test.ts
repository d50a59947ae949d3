import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('the example of a kernel variant finds it right, and times it beside the variants of the engine', () => {
  const output = execFileSync(process.execPath, ['--import', 'tsx', 'examples/kernel-variant.ts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [title, ...rows] = output.trim().split('\n');
  expect(title).toContain('conv2d.forward 1×1 s1 p0 [2,32,32,64]→[2,32,32,64] f32 on ');
  const milliseconds = new Map(
    rows.map((row) => /^(\S+) +(\d+\.\d+) ms$/.exec(row) ?? []).map(([, name, ms]) => [name, Number(ms)]),
  );
  expect(milliseconds.get('pointwise')).toBeGreaterThan(0);
  expect(milliseconds.get('naive')).toBeGreaterThan(0);
  expect(output).not.toContain('wrong');
});
