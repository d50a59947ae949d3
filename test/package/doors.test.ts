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
const HOST_DOORS = ['src/gpu/dawn.ts: webgpu', 'src/kernels/source.ts: node:fs', 'src/kernels/texts.ts: node:fs'];

/** What of other files a file runs; imports of types alone are gone once it is compiled. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const named = text.matchAll(/^(?:import|export)\s+(?!type\b)(?:[^;']*\bfrom\s+)?'([^']+)'/gm);
  const loaded = text.matchAll(/\bimport\(\s*'([^']+)'/g);
  return [...named, ...loaded].map(([, specifier = '']) => specifier);
}

describe.each(['src/index.ts', 'src/cyclegan.ts'])('%s', (door) => {
  test('loads nothing of its host but WebGPU and, for texts of kernels, files', () => {
    const files = new Set([door]);
    const loaded: string[] = [];
    for (const file of files) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.')) files.add(join(file, '..', specifier));
        else if (/^(node:|webgpu$)/.test(specifier)) loaded.push(`${file}: ${specifier}`);
      }
    }
    expect(files.size).toBeGreaterThan(50);
    expect(loaded).toContain('src/kernels/texts.ts: node:fs');
    expect(HOST_DOORS).toEqual(expect.arrayContaining(loaded));
  });
});
