import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cyclops-imports-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function check(files: Record<string, string>): { status: number | null; problems: string[] } {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'scripts/check-imports.ts', root], {
    encoding: 'utf8',
  });
  return { status, problems: stderr.split('\n').filter(Boolean) };
}

test('imports that point down, between rooms too, and the doors of the engine are allowed', () => {
  const { status, problems } = check({
    'src/index.ts': "export * from './tensor/tensor.ts';\nexport { main } from './cli/main.ts';\n",
    'src/cli/main.ts':
      "import { readFileSync } from 'node:fs';\nimport { Command } from 'commander';\nimport '../gpu/host/dawn.ts';\n",
    'src/anomaly/calibration/thresholds.ts': "import { auroc } from '../metrics/roc.ts';\n",
    'src/kernels/tuning/tune.ts':
      "import { convForward } from '../conv2d/forward.ts';\nimport { kernel } from '../source.ts';\n",
    'src/cli/advice.ts': "const advice = 'Choose one with --device; see cyclops doctor.';\n",
    'src/gpu/decrement.ts': 'for (let i = 3; i > 0; i--) console.log(i);\n',
    'src/layers/conv2d.ts': "import { Module } from './module.ts';\nimport { conv2d } from '../autograd/conv2d.ts';\n",
    'src/gpu/host/dawn.ts': "import { create } from 'webgpu';\nconst again = await import('webgpu');\n",
    'src/kernels/texts.ts': "import { readFileSync } from 'node:fs';\nimport { pool } from '../gpu/pool.ts';\n",
    'src/gpu/words.ts': [
      "// import x from 'node:fs'",
      "/* export * from '../cli/main.ts'",
      "   import 'pngjs' */",
      'const inString = "import x from \'node:os\'";',
      "const inTemplate = `import 'node:os'\nimport y from '../cli/main.ts'`;",
      "const fromIterable = Array.from('node:fs');",
    ].join('\n'),
  });
  expect(problems).toEqual([]);
  expect(status).toBe(0);
});

test('imports from a high room of a folder to a lower one, and to a file with a place of its own, are allowed', () => {
  const { problems } = check({
    'src/gpu/device.ts': "import './host/adapter.ts';\nimport './errors.ts';\n",
    'src/gpu/host/adapter.ts': "import '../errors.ts';\n",
    'src/gpu/errors.ts': '',
    'src/data/datasets/dataset.ts': "import '../files/json.ts';\n",
    'src/data/files/json.ts': '',
  });
  expect(problems).toEqual([]);
});

test.each([
  [
    'an upward import',
    'src/tensor/a.ts',
    "\nimport { x } from '../autograd/tape.ts';\n",
    'src/tensor/a.ts:2: src/tensor may not',
  ],
  [
    'an upward type import',
    'src/gpu/a.ts',
    "import type { X } from '../kernels/b.ts';\n",
    'src/gpu/a.ts:1: src/gpu may not',
  ],
  ['an upward re-export', 'src/data/a.ts', "export * from '../cyclegan/b.ts';\n", 'src/data/a.ts:1: src/data may not'],
  [
    'an upward import()',
    'src/data/a.ts',
    "const x = await import(/* lazy */ '../cli/main.ts');\n",
    'src/data/a.ts:1: ',
  ],
  [
    'an import over several lines',
    'src/report/a.ts',
    "import {\n  one,\n  two,\n} from '../cli/main.ts';\n",
    'src/report/a.ts:4: src/report may not',
  ],
  [
    'a neighbour on the same row',
    'src/layers/a.ts',
    "import '../optim/adam.ts';\n",
    'src/layers/a.ts:1: src/layers may not',
  ],
  [
    'the folder above a low room',
    'src/gpu/host/a.ts',
    "import '../launch.ts';\n",
    'src/gpu/host may not import src/gpu/.: rooms',
  ],
  [
    'a room from a file below it',
    'src/gpu/errors.ts',
    "import './host/host.ts';\n",
    'src/gpu/errors.ts may not import src/gpu/host: rooms',
  ],
  ['the entry of the package', 'src/cli/a.ts', "import { x } from '../index.ts';\n", 'src/cli/a.ts:1: src/cli may not'],
  [
    'a way out of src',
    'src/cli/a.ts',
    "import '../../scripts/setup.mjs';\n",
    "src/cli/a.ts:1: '../../scripts/setup.mjs' lies",
  ],
  [
    'a folder without a place',
    'src/helpers/a.ts',
    'export const x = 1;\n',
    'src/helpers/a.ts:1: src/helpers has no place',
  ],
  [
    'Node in the engine',
    'src/optim/a.ts',
    "import os from 'node:os';\n",
    'src/optim/a.ts:1: the engine imports neither',
  ],
  ['Node without its prefix', 'src/autograd/a.ts', "import fs from 'fs';\n", 'src/autograd/a.ts:1: the engine imports'],
  [
    'a package in the engine',
    'src/layers/a.ts',
    "import { PNG } from 'pngjs';\n",
    'src/layers/a.ts:1: the engine imports',
  ],
  [
    'Dawn through another file',
    'src/gpu/a.ts',
    "import { create } from 'webgpu';\n",
    'src/gpu/a.ts:1: the engine imports',
  ],
  [
    'Node through the door for Dawn',
    'src/gpu/host/dawn.ts',
    "import 'node:fs';\n",
    'src/gpu/host/dawn.ts:1: the engine imports',
  ],
  [
    'an import from a lower room to a higher one',
    'src/anomaly/metrics/a.ts',
    "import { x } from '../calibration/b.ts';\n",
    'src/anomaly/metrics/a.ts:1: src/anomaly/metrics may not import src/anomaly/calibration',
  ],
  [
    'a file of a folder that imports a room above it',
    'src/kernels/a.ts',
    "import { x } from './tuning/b.ts';\n",
    'src/kernels/a.ts:1: src/kernels/. may not import src/kernels/tuning',
  ],
  [
    "an option's name in the engine",
    'src/gpu/a.ts',
    "// fine\nthrow new Error('Choose another --device.');\n",
    "src/gpu/a.ts:2: the engine speaks of '--device'",
  ],
  [
    'a command in the engine, also in a comment',
    'src/optim/a.ts',
    '/** See `cyclops doctor`. */\n',
    "src/optim/a.ts:1: the engine speaks of 'cyclops doctor'",
  ],
  ['a computed import()', 'src/kernels/a.ts', 'await import(name);\n', 'src/kernels/a.ts:1: the engine imports'],
])('%s is a violation', (_, path, text, problem) => {
  const result = check({ [path]: text });
  expect(result.problems).toHaveLength(1);
  expect(result.problems[0]).toContain(problem);
  expect(result.status).toBe(1);
});

test('files that import each other in a circle are named together, also by types alone', () => {
  const { status, problems } = check({
    'src/tensor/a.ts': "import type { B } from './b.ts';\n",
    'src/tensor/b.ts': "export * from './c.ts';\n",
    'src/tensor/c.ts': "import { a } from './a.ts';\n",
    'src/tensor/d.ts': "import { a } from './a.ts';\n",
  });
  expect(problems).toEqual([
    'src/tensor/a.ts:1: 3 files import each other in a circle: tensor/a.ts, tensor/b.ts, tensor/c.ts',
  ]);
  expect(status).toBe(1);
});
