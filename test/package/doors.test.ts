import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));

test('every file directly in src/ is a door of the package, under its name', () => {
  const files = readdirSync('src').flatMap((name) => (name.endsWith('.ts') ? name.slice(0, -3) : []));
  const doors = files.map((name) => [
    name === 'index' ? '.' : `./${name}`,
    { types: `./dist/${name}.d.ts`, default: `./dist/${name}.js` },
  ]);
  expect(exports).toEqual({ ...Object.fromEntries(doors), './package.json': './package.json' });
});

/** The files of the engine that load something of their host. */
const HOST_DOORS = [
  'src/gpu/host/dawn.ts: webgpu',
  'src/kernels/texts.ts: node:fs',
  'src/data/files/crc32.ts: node:zlib',
];

/** What of other files a file runs; imports of types alone are gone once it is compiled. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const named = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;']*\bfrom\s+)?'([^']+)'/gm);
  const loaded = text.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [...named, ...loaded].map(([, specifier = '']) => specifier);
}

/** What is loaded only when a program gives a path, or the bytes of an image file: Node's. */
const ON_DEMAND = new Set(['src/anomaly/detector/stored-model.ts', 'src/data/images/decode-bytes.ts']);

describe.each([
  ['src/index.ts', []],
  ['src/cyclegan.ts', ['valibot']],
  ['src/detector.ts', ['valibot']],
])('%s', (door, packages) => {
  test(`imports nothing but WebGPU, ${['files for texts of kernels', 'checksums', ...packages].join(', ')}`, () => {
    const files = new Set([door]);
    const foreign = new Set<string>();
    for (const file of files) {
      if (ON_DEMAND.has(file)) continue;
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.')) files.add(join(file, '..', specifier));
        else if (!packages.includes(specifier)) foreign.add(`${file}: ${specifier}`);
      }
    }
    expect(files.size).toBeGreaterThan(50);
    expect(foreign).toContain('src/kernels/texts.ts: node:fs');
    expect(HOST_DOORS).toEqual(expect.arrayContaining([...foreign]));
  });
});
