import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { add } from '../../src/autograd/add.ts';
import { conv2d } from '../../src/autograd/conv2d.ts';
import { instanceNorm } from '../../src/autograd/instance-norm.ts';
import { mseLoss } from '../../src/autograd/losses/mse-loss.ts';
import { backward } from '../../src/autograd/tape.ts';
import { DeviceBuffer } from '../../src/gpu/buffer.ts';
import { type CaptureOptions, Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { fusedKernel } from '../../src/gpu/fused-kernel.ts';
import { fuse } from '../../src/gpu/fusion.ts';
import { type BufferSlice, immediates, type Kernel, type Launch } from '../../src/gpu/launch.ts';
import { Adam } from '../../src/optim/adam.ts';
import { RandomStream, randomUniform } from '../../src/tensor/random.ts';
import { scope } from '../../src/tensor/scope.ts';
import { Tensor } from '../../src/tensor/tensor.ts';

const ALLOWED = { bindings: 16, workgroups: 65_535 };
const SLOT = 256;

function kernelOf(access: string): Kernel {
  const bindings = [...access].map(
    (letter, k) =>
      `@group(0) @binding(${k}) var<storage, ${letter === 'r' ? 'read' : 'read_write'}> b${k}: array<f32>;`,
  );
  const code = `${bindings.join('\n')}\n@compute @workgroup_size(1)\nfn main(@builtin(workgroup_id) id: vec3u) { b0[id.x] = 1; }`;
  return { name: `of ${access}`, code, access, constants: {} };
}
const KERNELS = ['w', 'rw', 'rrw', 'rww', 'rrrrw', 'rrrrrrrrw'].map(kernelOf);

/** Launches of few kinds on slots of few buffers. */
function randomLaunches(random: RandomStream, count: number): Launch[] {
  const buffers = Array.from({ length: 3 + random.integer(12) }, () => new DeviceBuffer(8 * SLOT));
  const sliceOf = (buffer: DeviceBuffer): BufferSlice => {
    const first = random.integer(8);
    return { buffer, offset: SLOT * first, size: SLOT * (1 + random.integer(Math.min(2, 8 - first))) };
  };
  return Array.from({ length: count }, () => {
    const kernel = KERNELS[random.integer(KERNELS.length)] ?? kernelOf('w');
    const written = new Set<DeviceBuffer>();
    const read = new Set<DeviceBuffer>();
    const bindings = [...kernel.access].toReversed().map((letter) => {
      const own = letter === 'w' ? written : read;
      const free = buffers.filter((buffer) => !(letter === 'w' ? written.has(buffer) : written.has(buffer)));
      const buffer = free[random.integer(free.length)] ?? new DeviceBuffer(8 * SLOT);
      own.add(buffer);
      return sliceOf(buffer);
    });
    return {
      ...{ kernel, bindings: bindings.toReversed(), immediates: immediates(random.integer(2)) },
      ...{ workgroups: [1, 1, 1 + random.integer(2)], label: 'any', flops: 1, bytes: 2 },
    };
  });
}

/** What launches leave in memory, where each writes a digest of all that it is given; those done in one go last to first. */
function run(launches: readonly Launch[]): Map<string, number> {
  const memory = new Map<string, number>();
  const slots = ({ buffer, offset, size }: BufferSlice) =>
    Array.from({ length: size / SLOT }, (_, k) => `${buffer.id}:${offset / SLOT + k}`);
  for (const launch of launches) {
    const parts = Number(/×(\d+)$/.exec(launch.kernel.name)?.[1] ?? 1);
    const each = launch.bindings.length / parts;
    for (let part = parts - 1; part >= 0; part--) {
      const bindings = launch.bindings.slice(part * each, (part + 1) * each);
      const seen = bindings.flatMap(slots).map((slot) => memory.get(slot) ?? 0);
      const digest = [launch.immediates[0] ?? 0, each, ...seen].reduce((sum, value) => (sum * 31 + value + 7) % 1e9, 1);
      for (const [k, slice] of bindings.entries()) {
        if (launch.kernel.access[k] === 'w')
          for (const [i, slot] of slots(slice).entries()) memory.set(slot, digest + i);
      }
    }
  }
  return memory;
}

describe('launches of a step in fewer', () => {
  test('leave what they leave one after another', () => {
    let [before, after] = [0, 0];
    for (let seed = 0; seed < 200; seed++) {
      const launches = randomLaunches(new RandomStream(seed, 0), 120);
      const fused = fuse(launches, ALLOWED);
      expect(run(fused)).toEqual(run(launches));
      const total = (amount: 'flops' | 'bytes', all: readonly Launch[]) =>
        all.reduce((sum, one) => sum + one[amount], 0);
      for (const amount of ['flops', 'bytes'] as const) expect(total(amount, fused)).toBe(total(amount, launches));
      before += launches.length;
      after += fused.length;
    }
    expect(after).toBeLessThan(0.9 * before);
  });

  test('bind no more than a device takes, and no buffer to read and to write', () => {
    for (let seed = 0; seed < 50; seed++) {
      for (const { kernel, bindings, workgroups } of fuse(randomLaunches(new RandomStream(seed, 1), 120), {
        bindings: 9,
        workgroups: 3,
      })) {
        expect(bindings.length).toBeLessThanOrEqual(9);
        expect(bindings).toHaveLength(kernel.access.length);
        expect(workgroups[2]).toBeLessThanOrEqual(3);
        const of = (letter: string) =>
          bindings.flatMap(({ buffer }, k) => (kernel.access[k] === letter ? [buffer] : []));
        const written = new Set(of('w'));
        expect(of('r').filter((buffer) => written.has(buffer))).toEqual([]);
      }
    }
  });

  test('wait for others only where there are some', () => {
    const kernel = kernelOf('rw');
    const launches = Array.from({ length: 100 }, (_, i): Launch => {
      const bindings = [new DeviceBuffer(SLOT), new DeviceBuffer(SLOT)].map((buffer) => ({
        buffer,
        offset: 0,
        size: SLOT,
      }));
      const common = { kernel, bindings, workgroups: [1, 1, 1] as const, label: 'any', flops: 0, bytes: 0 };
      return { ...common, immediates: immediates(i) };
    });
    expect(fuse(launches, ALLOWED)).toEqual(launches);
  });

  test('are alike only where all of their immediates are', () => {
    const kernel = kernelOf('rw');
    const launches = [0, 1].map((i): Launch => {
      const bindings = [new DeviceBuffer(SLOT), new DeviceBuffer(SLOT)].map((buffer) => ({
        buffer,
        offset: 0,
        size: SLOT,
      }));
      const common = { kernel, bindings, workgroups: [1, 1, 1] as const, label: 'any', flops: 0, bytes: 0 };
      return { ...common, immediates: Uint32Array.of(7, i).subarray(0, 1) };
    });
    expect(fuse(launches, ALLOWED)).toHaveLength(2);
  });

  test('two networks run in lockstep', () => {
    const chain = (kernel: Kernel, first: DeviceBuffer) => {
      let before = first;
      return Array.from({ length: 10 }, (): Launch => {
        const after = new DeviceBuffer(SLOT);
        const bindings = [before, after].map((buffer) => ({ buffer, offset: 0, size: SLOT }));
        before = after;
        return { kernel, bindings, immediates: immediates(), workgroups: [1, 1, 1], label: 'any', flops: 0, bytes: 0 };
      });
    };
    const kernel = kernelOf('rw');
    const launches = [...chain(kernel, new DeviceBuffer(SLOT)), ...chain(kernel, new DeviceBuffer(SLOT))];
    const fused = fuse(launches, ALLOWED);
    expect(fused.map(({ kernel: { name } }) => name)).toEqual(Array(10).fill('of rw ×2'));
  });
});

describe('the text of a fused kernel', () => {
  const fusedCode = (code: string, access: string) => fusedKernel({ name: 'k', code, access, constants: {} }, 2)?.code;
  const [x, y] = [
    '@group(0) @binding(0) var<storage, read> x: array<vec4f>;',
    '@group(0) @binding(1) var<storage, read_write> y: array<f32>;',
  ];
  const main = (body: string) =>
    `@compute @workgroup_size(8)\nfn main(@builtin(global_invocation_id) id: vec3u) { ${body} }`;

  test('names members of structs as before', () => {
    const code = fusedCode(`${x}\n${y}\n${main('y[id.x] = x[id.y].x;')}`, 'rw');
    expect(code).toContain('y_part1[id.x] = x_part1[id.y].x;');
    expect(code).toContain('@group(0) @binding(3) var<storage, read_write> y_part1');
  });

  test('tells names from attributes, members and parts of other names', () => {
    const binding = x.replace(' x:', ' group:');
    const body = 'let éy = group[id.y]. x; y[id.x] = éy + f32(1u) + group[0].\n y;';
    const code = fusedCode(`${binding}\n${y}\n${main(body)}`, 'rw');
    expect(code).toContain('@group(0) @binding(2) var<storage, read> group_part1: array<vec4f>;');
    expect(code).toContain('let éy = group_part1[id.y]. x; y_part1[id.x] = éy + f32(1u) + group_part1[0].\n y;');
  });

  test.each([
    ['8', '1'],
    ['4, 2,', '1'],
    ['4, 2, Z', ' Z'],
  ])('knows how deep a workgroup of %s is', (size, depth) => {
    const code = fusedCode(`${x}\n${y}\n${main('y[id.z] = x[id.x].x;').replace('(8)', `(${size})`)}`, 'rw');
    expect(code).toContain(`let depth = u32(${depth});`);
  });

  test.each([
    [
      'several entry points',
      `${x}\n${y}\n${main('y[0] = x[0].x;')}\n${main('y[1] = x[1].x;').replace('main', 'other')}`,
    ],
    ['names that its own would meet', `${x}\n${y}\n${main('let y_part1 = x[0].x; y[0] = y_part1;')}`],
    ['predeclared names for something else', `alias u32 = f32;\n${x}\n${y}\n${main('y[0] = x[0].x;')}`],
    ['rare ends of lines', `${x}\n${y}\n${main('// a\u0085 y[0] = x[0].x;\n')}`],
    ['block comments', `${x}\n${y}\n${main('/* } */ y[0] = x[0].x;')}`],
    [
      'builtins that are not known',
      `${x}\n${y}\n${main('y[0] = x[0].x;').replace('global_invocation_id', 'workgroup_index')}`,
    ],
    [
      'attributes of functions that are not known',
      `${x}\n${y}\n@must_use fn f() -> f32 { return 1; }\n${main('y[0] = f();')}`,
    ],
    [
      'bindings of other groups',
      `${x}\n@group(1) @binding(0) var<storage, read_write> y: array<f32>;\n${main('y[0] = x[0].x;')}`,
    ],
    ['other entry points', `${x}\n${y}\n@compute @workgroup_size(1) fn other() { y[0] = x[0].x; }`],
  ])('is not made of %s', (_, code) => {
    expect(fusedCode(code, 'rw')).toBeUndefined();
  });
});

describe('on a device', () => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ checked: true });
  });
  afterAll(() => device.close());

  /** Two networks of one kind that learn side by side. */
  function learners() {
    const uniform = (stream: number, ...shape: number[]) =>
      randomUniform(device, shape, { seed: 8, stream, low: -1, high: 1 });
    const nets = [0, 1].map((k) => {
      const weights = [uniform(4 * k, 3, 3, 4, 4), uniform(4 * k + 1, 3, 3, 4, 4)] as const;
      for (const weight of weights) weight.requiresGrad = true;
      return { weights, x: uniform(4 * k + 2, 1, 9, 7, 4), target: uniform(4 * k + 3, 1, 9, 7, 4) };
    });
    const adam = new Adam(
      nets.flatMap(({ weights }) => weights),
      { lr: 0.1, betas: [0.5, 0.999] },
    );
    const step = () =>
      scope(() => {
        adam.zeroGrad();
        const losses = nets.map(({ weights: [first, second], x, target }) => {
          const options = { padding: 1, paddingMode: 'reflect' } as const;
          const hidden = add(x, instanceNorm(conv2d(x, first, null, options), { activation: 'relu' }));
          return mseLoss(conv2d(hidden, second, null, options), target);
        });
        backward(losses);
        adam.step();
      });
    const values = () => Promise.all(nets.flatMap(({ weights }) => weights.map((weight) => weight.data())));
    return { step, values };
  }

  test('errors name the place that people edit', async () => {
    const text = `${kernelOf('rw').code.replace('= 1;', '= unknown;')}`;
    const kernel: Kernel = {
      ...{ name: 'broken', code: text, access: 'rw', constants: {} },
      lines: text.split('\n').map((_, i) => ({ file: 'mine.wgsl', line: i + 1 })),
    };
    const own = await Device.open({ checked: true });
    onTestFinished(() => own.close());
    const slices = Array.from({ length: 4 }, () => Tensor.empty(own, [8]).slice);
    const launch = (...bindings: BufferSlice[]): Launch => ({
      ...{ kernel, bindings, immediates: immediates(), workgroups: [1, 1, 1] as const },
      ...{ label: 'broken', flops: 0, bytes: 0 },
    });
    const capture = own.capture(
      () => {
        own.launch(launch(...slices.slice(0, 2)));
        own.launch(launch(...slices.slice(2)));
      },
      { fused: true },
    );
    expect(capture.launches).toHaveLength(1);
    await expect(own.fence()).rejects.toThrow(/mine\.wgsl:4:\d+: .*unknown/);
  });

  test('a capture takes no other options', () => {
    const wrong = (options: unknown) => () => device.capture(() => {}, options as CaptureOptions);
    for (const options of [null, true, { fuse: true }, { fused: 'no' }]) expect(wrong(options)).toThrow(CyclopsError);
  });

  test('replays with and without have the same bits', async ({ skip }) => {
    if (device.limits.maxStorageBuffersPerShaderStage < 16) return skip('the device binds too few buffers at once');
    const [plain, together] = [learners(), learners()];
    const captures = [
      device.capture(plain.step, { fused: false }),
      device.capture(together.step, { fused: true }),
    ] as const;
    expect(captures[1].launches.length).toBeLessThan(0.65 * captures[0].launches.length);
    for (let step = 0; step < 3; step++) for (const capture of captures) capture.replay();
    expect(await together.values()).toEqual(await plain.values());
    for (const capture of captures) capture.dispose();
  });
});
