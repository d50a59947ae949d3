import { mkdirSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError } from '../../../src/gpu/errors.ts';
import { immediates } from '../../../src/gpu/launch.ts';
import { kernel } from '../../../src/kernels/source.ts';
import { type CachedChoice, type ChoiceCache, kernelsHash } from '../../../src/kernels/tuning/choice-cache.ts';
import { choose, run } from '../../../src/kernels/tuning/choices.ts';
import { measure } from '../../../src/kernels/tuning/measure.ts';
import { tune } from '../../../src/kernels/tuning/tune.ts';
import { type Operation, register, type Variant } from '../../../src/kernels/variant.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { type DoubleArguments, type DoubleProblem, double, SOURCE, scaling } from './toy/double.ts';

type Double = Operation<DoubleProblem, DoubleArguments>;

let device: Device;
beforeAll(async () => {
  device = await Device.open({ checked: true });
});
afterAll(() => device.close());

const SLOW = 20_000;
/** Choices stay with a device, so each test doubles another number of elements. */
let nextCount = 1000;

function problemOf(operation: Double) {
  const problem = { count: nextCount++ };
  const key = `double [${problem.count}] f32`;
  const body = () => {
    const [x, y] = [Tensor.empty(device, [problem.count]), Tensor.empty(device, [problem.count])];
    run(device, operation, problem, { x: x.slice, y: y.slice });
    for (const tensor of [x, y]) tensor.dispose();
  };
  return { problem, key, body, chosen: () => choose(device, operation, problem).name };
}

test('the fastest variant wins, and only by being measured', async () => {
  const operation = double(scaling('slow', { spin: SLOW }), scaling('quick', {}), scaling('naive', { spin: SLOW }));
  const { key, body, chosen } = problemOf(operation);
  expect(chosen()).toBe('slow');
  const tuning = await tune(device, body);
  expect(chosen()).toBe('quick');
  const { milliseconds, ...rest } = tuning.get(key)!;
  expect(rest).toEqual({ default: 'slow', variant: 'quick', faults: {} });
  expect(Object.keys(milliseconds).sort()).toEqual(['naive', 'quick', 'slow']);
  expect(milliseconds.slow).toBeGreaterThan(2 * milliseconds.quick!);
});

const broken: [string, Variant<DoubleProblem, DoubleArguments>, RegExp][] = [
  ['computes something else', scaling('broken', { factor: 2.001 }), /off by 0\.0005\d* of the largest/],
  ['leaves out elements', scaling('broken', { share: 0.9 }), /NaN/],
  [
    'is refused by the device',
    {
      ...scaling('broken', {}),
      // Its kernel has no such constant.
      launch: (to, { count }, { x, y }) =>
        to.launch({
          ...{ kernel: kernel(SOURCE, { FACTOR: 2, SPIN: 0, ABSENT: 1 }), bindings: [x, y], label: 'double' },
          ...{
            immediates: immediates(count),
            workgroups: [Math.ceil(count / 64), 1, 1],
            flops: count,
            bytes: 8 * count,
          },
        }),
    },
    /device reported/,
  ],
];

test.each(broken)('a variant that %s loses although it is the fastest, and is reported', async (_, variant, fault) => {
  const operation = double(variant, scaling('right', { spin: SLOW / 4 }), scaling('naive', { spin: SLOW }));
  const { key, body, chosen } = problemOf(operation);
  const tuning = await tune(device, body);
  expect(chosen()).toBe('right');
  expect(tuning.get(key)?.faults.broken).toMatch(fault);
  expect(Object.keys(tuning.get(key)?.milliseconds ?? {})).not.toContain('broken');
});

test('the body is not run, and its problems are measured once however often they occur', async () => {
  const operation = double(scaling('quick', {}), scaling('naive', { spin: SLOW }));
  const { problem, body } = problemOf(operation);
  const out = Tensor.from(device, Array(problem.count).fill(7), [problem.count]);
  const progress = vi.fn();
  const twice = () => {
    body();
    run(device, operation, problem, { x: out.slice, y: out.slice });
  };
  expect((await tune(device, twice, { onProgress: progress })).size).toBe(1);
  expect(progress.mock.calls.map(([done, total]) => [done, total])).toEqual([
    [0, 1],
    [1, 1],
  ]);
  expect((await out.data())[0]).toBe(7);
  expect((await tune(device, twice)).size).toBe(0);
});

test('measuring gives all its memory back', async () => {
  const { body } = problemOf(double(scaling('quick', {}), scaling('naive', {})));
  const before = device.pool.use.liveBuffers;
  await tune(device, body);
  expect(device.pool.use.liveBuffers).toBe(before);
});

test('work that a captured step need not do again counts half', async () => {
  const plain = scaling('plain', { spin: SLOW });
  const heavy = scaling('heavy', { spin: SLOW });
  const light = scaling('light', { factor: 1 });
  // Doubles three times over, which in a step stands after the first, and copies the result.
  const sharing: Variant<DoubleProblem, DoubleArguments> = {
    ...plain,
    name: 'sharing',
    launch: (to, problem, { x, y }) => {
      const doubles = [0, 1, 2].map(() => to.pool.take(4 * problem.count));
      const slices = doubles.map((buffer) => ({ buffer, offset: 0, size: y.size }));
      for (const slice of slices) {
        heavy.launch(repeating(to), problem, { x, y: slice });
      }
      light.launch(to, problem, { x: slices[2]!, y });
      for (const buffer of doubles) to.pool.release(buffer);
    },
  };
  const { key, body, chosen } = problemOf(double(plain, sharing, scaling('naive', { spin: SLOW })));
  const { milliseconds, faults } = (await tune(device, body)).get(key)!;
  expect(faults).toEqual({});
  expect(chosen()).toBe('sharing');
  expect(milliseconds.sharing).toBeLessThan(milliseconds.plain!);
});

/** A device to which all launches are repeatable. */
function repeating(to: Device): Device {
  return Object.create(to, {
    launch: { value: (launch: Parameters<Device['launch']>[0]) => to.launch({ ...launch, repeatable: true }) },
  });
}

test('a problem that only one variant supports is not measured', async () => {
  const picky = { ...scaling('picky', {}), supports: () => false };
  const greedy = { ...scaling('greedy', {}), workgroupBytes: 2 ** 30 };
  const { body, chosen } = problemOf(double(picky, greedy, scaling('naive', {})));
  expect((await tune(device, body)).size).toBe(0);
  expect(chosen()).toBe('naive');
});

test('variants made for GPUs are measured on GPUs', async () => {
  const fast = { ...scaling('fast', {}), madeFor: 'gpu' as const };
  const operation = double(fast, scaling('slow', { spin: SLOW / 4 }), scaling('naive', { spin: SLOW }));
  const { key, body, chosen } = problemOf(operation);
  const tuning = await tune(device, body);
  const { software } = device.info;
  expect(Object.keys(tuning.get(key)?.milliseconds ?? {})).toEqual([...(software ? [] : ['fast']), 'slow', 'naive']);
  expect(chosen()).toBe(software ? 'slow' : 'fast');
});

test('a clock too coarse to tell launches apart ends all the same, and keeps the default', async () => {
  const operation = double(scaling('first', {}), scaling('naive', {}));
  const { problem } = problemOf(operation);
  let launches = 0;
  const profile = async (work: () => void) => {
    const before = device.recorder.launches;
    work();
    launches += device.recorder.launches - before;
    if (launches > 100_000) throw new CyclopsError('There is no end to the launches.');
    return [];
  };
  const coarse = new Proxy(device, {
    get: (target, key) => {
      if (key === 'profile') return profile;
      if (key === 'info') return { ...target.info, software: false };
      if (key === 'features') return new Set([...target.features, 'timestamp-query']);
      return Reflect.get(target, key, target);
    },
  });
  expect((await measure(coarse, operation, problem)).variant).toBe('first');
});

test('a signal ends it; what is not measured stays on the default', async () => {
  const operation = double(scaling('slow', { spin: SLOW }), scaling('quick', {}), scaling('naive', { spin: SLOW }));
  const problems = [problemOf(operation), problemOf(operation)];
  const controller = new AbortController();
  const all = () => problems.forEach(({ body }) => void body());
  const onProgress = (done: number) => done === 0 && controller.abort();
  expect((await tune(device, all, { signal: controller.signal, onProgress })).size).toBe(1);
  expect(problems.map(({ chosen }) => chosen())).toEqual(['quick', 'slow']);
});

/** A cache in memory. */
function memoryCache(...entries: [string, CachedChoice][]): ChoiceCache & { kept: Map<string, CachedChoice> } {
  const kept = new Map(entries);
  return { kept, load: () => kept, save: (choices) => choices.forEach((choice, key) => void kept.set(key, choice)) };
}

test('what is measured goes to the cache, and what is there is not measured again', async () => {
  const operation = double(scaling('slow', { spin: SLOW }), scaling('quick', {}), scaling('naive', { spin: SLOW }));
  const { key, body } = problemOf(operation);
  const cache = memoryCache();
  const tuning = await tune(device, body, { cache });
  const { variant, milliseconds } = tuning.get(key)!;
  expect(cache.kept).toEqual(new Map([[key, { variant, milliseconds, kernels: kernelsHash(operation) }]]));

  const other = problemOf(operation);
  const foreign = memoryCache([other.key, { ...cache.kept.get(key)!, variant: 'naive' }]);
  expect((await tune(device, other.body, { cache: foreign })).size).toBe(0);
  expect(other.chosen()).toBe('naive');
});

test.each<[string, Partial<CachedChoice>]>([
  ['other kernels', { kernels: '00000000' }],
  ['a variant that is gone', { variant: 'forgotten' }],
])('an entry for %s is measured anew and replaced', async (_, wrong) => {
  const operation = double(scaling('slow', { spin: SLOW }), scaling('quick', {}), scaling('naive', { spin: SLOW }));
  const { key, body, chosen } = problemOf(operation);
  const entry = { variant: 'slow', milliseconds: {}, kernels: kernelsHash(operation) };
  const cache = memoryCache([key, { ...entry, ...wrong }]);
  expect((await tune(device, body, { cache })).size).toBe(1);
  expect(chosen()).toBe('quick');
  expect(cache.kept.get(key)).toMatchObject({ variant: 'quick', kernels: kernelsHash(operation) });
});

test('the hash of the kernels changes with the list of variants and with their sources', () => {
  const operation = double(scaling('quick', {}), scaling('naive', {}));
  const before = kernelsHash(operation);
  expect(kernelsHash(double(scaling('quick', {}), scaling('naive', {})))).toBe(before);
  expect(
    kernelsHash(double(scaling('quick', {}), { ...scaling('naive', {}), sources: ['elementwise/fill'] })),
  ).not.toBe(before);
  register(operation, scaling('new', {}));
  expect(kernelsHash(operation)).not.toBe(before);
});

test('the hash of the kernels changes with parts that take the place of others for f16', () => {
  const folder = temporaryFolder();
  const hashWith = (name: string, part: string) => {
    mkdirSync(folder.path(name, 'parts'), { recursive: true });
    writeFileSync(folder.path(name, 'own.wgsl'), '// #include "parts/dtype.wgsl"\n');
    writeFileSync(folder.path(name, 'parts', 'dtype-f16.wgsl'), part);
    const sources = [pathToFileURL(folder.path(name, 'own.wgsl'))];
    return kernelsHash({ name: 'own', variants: [{ name: 'only', madeFor: 'any', sources, workgroupBytes: 0 }] });
  };
  const before = hashWith('before', 'alias Element = f16;\n');
  expect(hashWith('same', 'alias Element = f16;\n')).toBe(before);
  expect(hashWith('other', 'alias Element = f32;\n')).not.toBe(before);
  folder.remove();
});
