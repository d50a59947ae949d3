import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { immediates, type Kernel } from '../../src/gpu/launch.ts';
import { expandIncludes } from '../../src/kernels/include.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

let device: Device;
let folder: string;
beforeAll(async () => {
  device = await Device.open({ checked: true });
  folder = mkdtempSync(join(tmpdir(), 'cyclops-kernels-'));
  mkdirSync(join(folder, 'parts'));
});
afterAll(() => {
  device.close();
  rmSync(folder, { recursive: true });
});

/** Runs a kernel of the temporary folder that includes parts/f.wgsl, and says what the device says of it. */
async function faultOf(body: string, fragment: string): Promise<string> {
  writeFileSync(join(folder, 'parts/f.wgsl'), fragment);
  writeFileSync(
    join(folder, 'k.wgsl'),
    `// #include "parts/f.wgsl"\n@group(0) @binding(0) var<storage, read_write> x: array<f32>;\n@compute @workgroup_size(1)\nfn main() { ${body} }\n`,
  );
  const text = expandIncludes(folder, 'k.wgsl', (name) => readFileSync(join(folder, name), 'utf8'));
  const kernel: Kernel = { name: 'k', ...text, access: 'w', constants: {} };
  const x = Tensor.from(device, [1], [1]);
  const launch = { kernel, bindings: [x.slice], immediates: immediates(), label: 'k', flops: 0, bytes: 0 };
  device.launch({ ...launch, workgroups: [1, 1, 1] });
  const fault = await x.data().then(String, (error: Error) => error.message);
  return fault.replaceAll(folder, 'wgsl');
}

const fragment = '// f(v) = v + 1\n\nfn f(v: f32) -> f32 { return v + 1; }\n';

test('a whole kernel of several files runs', async () => {
  expect(await faultOf('x[0] = f(x[0]);', fragment)).toBe('2');
});

test('an error after an include is reported with file, line and text', async () => {
  expect(await faultOf('x[0] = f(y);', fragment)).toMatch(
    /^The device reported \d+ errors; the first: wgsl\/k\.wgsl:4:22: unresolved value 'y'\n {2}fn main\(\) { x\[0\] = f\(y\); }\n {23}\^$/,
  );
});

test('an error in a fragment is reported with the fragment, and the device works on', async () => {
  expect(await faultOf('x[0] = f(x[0]);', fragment.replace('v + 1;', 'w;'))).toMatch(
    /the first: wgsl\/parts\/f\.wgsl:3:30: unresolved value 'w'\n/,
  );
  expect(await faultOf('x[0] = f(x[0]);', fragment)).toBe('2');
});

test('a kernel that comes from no file is named', async () => {
  const kernel: Kernel = { name: 'inline', code: 'const a = 1;\nconst b = c;', access: '', constants: {} };
  const launch = { kernel, bindings: [], immediates: immediates(), label: 'inline', flops: 0, bytes: 0 };
  device.launch({ ...launch, workgroups: [1, 1, 1] });
  await expect(device.fence()).rejects.toThrow("the first: inline:2:11: unresolved value 'c'\n");
});
