/** PyTorch on the CPU, where a Python that has it is found: hands the problems to torch_columns.py, which computes and prints the report. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LOSS_NAMES } from '../../src/cyclegan/losses.ts';
import type { Report } from './contender.ts';
import {
  COLUMNS,
  DISCRIMINATOR,
  FORWARD,
  GENERATOR,
  image,
  type Layer,
  LEAKY_SLOPE,
  NORM_EPS,
  type Parameter,
  parameters,
  TRAINING,
} from './problems.ts';

const PYTHONS = ['python3', '/usr/bin/python3'];
const python = PYTHONS.find((name) => spawnSync(name, ['-c', 'import torch, numpy']).status === 0);

/** Everything that a contender computes with: layers, and where in one file of float32 each tensor lies. */
function problems(): { document: object; values: Float32Array<ArrayBuffer>[] } {
  const values: Float32Array<ArrayBuffer>[] = [];
  let end = 0;
  const place = ({ data, shape }: Parameter) => {
    const offset = end;
    values.push(data);
    end += data.length;
    return [offset, shape];
  };
  const placed = (named: Iterable<readonly [string, Parameter]>) =>
    Object.fromEntries(Array.from(named, ([name, parameter]) => [name, place(parameter)]));
  const weights = (layers: readonly Layer[], index: number) => placed(parameters(layers, index));
  const picture = (index: number, side: number, channels: number) => ({
    shape: [1, side, side, channels],
    data: image(index, side, channels),
  });
  const forward = Object.entries(FORWARD);
  const { size, channels } = TRAINING;
  const tensors = {
    ...Object.fromEntries(forward.map(([column, { layers }]) => [column, weights(layers, 0)])),
    ...{ G_A: weights(GENERATOR, 0), G_B: weights(GENERATOR, 1) },
    ...{ D_A: weights(DISCRIMINATOR, 2), D_B: weights(DISCRIMINATOR, 3) },
    images: placed([
      ...forward.map(([column, problem]) => [column, picture(0, problem.size, problem.channels)] as const),
      ['a', picture(0, size, channels)],
      ['b', picture(1, size, channels)],
    ]),
  };
  const document = {
    ...{ columns: COLUMNS, tensors, training: { ...TRAINING, lossNames: LOSS_NAMES } },
    constants: { normEps: NORM_EPS, leakySlope: LEAKY_SLOPE },
    networks: { generator: GENERATOR, discriminator: DISCRIMINATOR },
    forward: Object.fromEntries(forward.map(([column, { layers }]) => [column, layers])),
  };
  return { document, values };
}

if (python === undefined) {
  const missing = `no ${PYTHONS.join(' and no ')} has PyTorch and NumPy (Debian: python3-torch)`;
  const columns = Object.fromEntries(COLUMNS.map((column) => [column, { missing }]));
  console.log(JSON.stringify({ name: 'torch', version: '', adapter: null, columns } satisfies Report));
} else {
  const folder = mkdtempSync(join(tmpdir(), 'cyclops-torch-'));
  try {
    const { document, values } = problems();
    writeFileSync(join(folder, 'problems.json'), JSON.stringify(document));
    writeFileSync(join(folder, 'tensors.bin'), Buffer.concat(values.map((part) => Buffer.from(part.buffer))));
    const script = fileURLToPath(new URL('./torch_columns.py', import.meta.url));
    const { status, signal } = spawnSync(python, ['-B', script, folder, ...process.argv.slice(2)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (signal) process.kill(process.pid, signal);
    process.exitCode = status ?? 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
