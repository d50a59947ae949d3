import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cyclops-shaders-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function check(files: Record<string, string>): { status: number | null; problems: string } {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/check-shaders.ts', root], {
    encoding: 'utf8',
  });
  return { status, problems: stderr.replaceAll(root, 'wgsl') };
}

const kernel = `// #include "parts/double.wgsl"
override N: u32;
@group(0) @binding(0) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(1)
fn main() {
  x[0] = double(x[N]);
}
`;
const fragment = '// 2 v\nfn double(v: f32) -> f32 {\n  return 2 * v;\n}\n';

test('whole kernels pass, with their fragments and constants', () => {
  expect(check({ 'double.wgsl': kernel, 'parts/double.wgsl': fragment })).toEqual({ status: 0, problems: '' });
});

test('an error behind an include is named by its own line', () => {
  const { status, problems } = check({
    'double.wgsl': kernel.replace('x[N]', 'y[N]'),
    'parts/double.wgsl': fragment,
    'also.wgsl': kernel,
  });
  expect(problems).toBe("wgsl/double.wgsl:7:17: unresolved value 'y'\n    x[0] = double(y[N]);\n                  ^\n");
  expect(status).toBe(1);
});

test('an error in a fragment is named by the fragment', () => {
  const { status, problems } = check({
    'double.wgsl': kernel,
    'parts/double.wgsl': fragment.replace('2 * v', '2 * twice'),
  });
  expect(problems).toBe(
    "wgsl/parts/double.wgsl:3:14: unresolved value 'twice'\n    return 2 * twice;\n               ^^^^^\n",
  );
  expect(status).toBe(1);
});

test('what only a pipeline shows is found too', () => {
  const { status, problems } = check({
    'double.wgsl': kernel.replace('workgroup_size(1)', 'workgroup_size(1000 * N)'),
    'parts/double.wgsl': fragment,
  });
  expect(problems).toContain('wgsl/double.wgsl: with the constants {"N":1}: ');
  expect(problems).toContain('workgroup_size(1000, 1, 1)');
  expect(status).toBe(1);
});

test('a missing include and a fragment that nobody includes are problems', () => {
  expect(check({ 'double.wgsl': kernel }).problems).toBe(
    'wgsl/double.wgsl:1: wgsl/parts/double.wgsl does not exist.\n',
  );
  const { status, problems } = check({ 'parts/double.wgsl': fragment, 'parts/half.wgsl': '', 'double.wgsl': kernel });
  expect(problems).toBe('wgsl/parts/half.wgsl: no kernel includes it\n');
  expect(status).toBe(1);
});
