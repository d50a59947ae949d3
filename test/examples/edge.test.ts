import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('the example of the README learns the Sobel filter', () => {
  const output = execFileSync(process.execPath, ['--import', 'tsx', 'examples/edge.ts'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const learned = output.trim().split(/\s+/).map(Number);
  const sobel = [1, 0, -1, 2, 0, -2, 1, 0, -1];
  expect(learned).toHaveLength(9);
  sobel.forEach((value, i) => {
    expect(Math.abs(value - learned[i]!)).toBeLessThan(0.05);
  });
});

test('the README shows that example as it is', () => {
  expect(readFileSync('README.md', 'utf8')).toContain(readFileSync('examples/edge.ts', 'utf8').trim());
});
