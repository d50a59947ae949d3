import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as engine from '../../src/index.ts';
import { backward, CyclopsError, Device, keep, scope, sum, Tensor } from '../../src/index.ts';
import { type Callable, callablesOf, type Kind, together } from './signatures.ts';
import { argumentsOf, Maker, selfOf } from './valid-arguments.ts';

/**
 * Every function, constructor and method that the engine's door declares, called with each of its arguments, and each part of those, replaced by
 * one wrong value after another. It must throw a CyclopsError or give finite numbers, and leave no memory behind.
 */

/** What is left out, and why. */
const LEFT_OUT: readonly (readonly [names: RegExp, why: string])[] = [
  [/^new \w*Error$/, 'errors hold whatever they are given'],
  [/^(new Storage|Storage#\w+|new Tensor|Tensor#moveTo)$/, 'take a Storage, which the door does not make'],
  [/^Device#close$/, 'ends the device that all of this runs on'],
  [/^splitProducts$/, 'needs a device with matrices: see test/autograd/split-products.test.ts'],
];

/** Parts of arguments that are left out: the device judges a kernel's text, see test/gpu/shader-errors.test.ts. */
const JUDGED_ELSEWHERE = /^Device#launch 0\.kernel\.(name|code|lines|constants)/;

let device: Device;
let other: Device;
let closed: Device;
let make: Maker;
let strangers: readonly Tensor[];
const open = () => Device.open({ checked: true });
beforeAll(async () => {
  [device, other, closed] = [await open(), await open(), await open()];
  strangers = [other, closed].map((elsewhere) => Tensor.from(elsewhere, [1, 2, 3], [3]));
  make = new Maker(device);
  closed.close();
});
afterAll(() => {
  for (const opened of [device, other]) opened.close();
});

/** Values by the kind that they are of. */
const PLAIN: readonly (readonly [kind: string, value: unknown])[] = [
  ...[undefined].map((value) => ['undefined', value] as const),
  ...[null].map((value) => ['null', value] as const),
  ...[true, false].map((value) => ['boolean', value] as const),
  ...['', 'x', '__proto__'].map((value) => ['string', value] as const),
  ...[Number.NaN, Infinity, -Infinity, -1, -0, 1.5].map((value) => ['number', value] as const),
  ...[65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53].map((value) => ['number', value] as const),
  ...[1n].map((value) => ['bigint', value] as const),
  ...[Symbol('wrong')].map((value) => ['symbol', value] as const),
  ...[{}, Object.create(null), new Date(0)].map((value) => ['object', value] as const),
  ...[[], [Number.NaN], [Symbol('wrong')], new Array(2), new Array(3)].map((value) => ['array', value] as const),
  ...[() => undefined, async () => {}, () => 5].map((value) => ['function', value] as const),
];

/** As many as {@link wrongTensors} gives. */
const TENSORS = 10;

function wrongTensors(): Tensor[] {
  const disposed = make.tensor(3);
  disposed.dispose();
  const integers: Tensor<engine.DType> = Tensor.from(device, [1, 2, 3], [3], 'u32');
  const half = Tensor.from(device, [1, 2, 3], [3], 'f16');
  const shaped = [[], [5], [1], [2, 3, 1, 1, 2], [1, 1, 1, 1, 1, 1, 2]].map((shape) => make.tensor(...shape));
  return [...shaped, disposed, ...strangers, make.track(integers as Tensor), make.track(half)];
}

/** A place inside of arguments: that of an argument, and names and places within. */
type Path = readonly (number | string)[];

interface Place {
  readonly path: Path;
  readonly kind: Kind;
}

/** All places of an argument that something else may stand in. */
function placesIn(kind: Kind, value: unknown, path: Path): Place[] {
  const { element } = kind;
  if (Array.isArray(value)) {
    const within = element ? value.flatMap((part, i) => placesIn(element, part, [...path, i])) : [];
    return [{ path, kind }, ...within];
  }
  const within = [...kind.properties].flatMap(([name, property]) =>
    placesIn(property, propertyOf(value, name), [...path, name]),
  );
  return [{ path, kind }, ...within];
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.with(Number(step), replaced(value[Number(step)], rest, by));
  return { ...Object(value), [step]: replaced(propertyOf(value, `${step}`), rest, by) };
}

/** Whether a value of this kind may be there by the declaration; null counts as left out. */
function belongs({ names, properties }: Kind, kind: string): boolean {
  const leftOut = ['undefined', 'null'];
  if (leftOut.includes(kind)) return leftOut.some((name) => names.has(name));
  const isDisposable = names.has('object') && properties.has('dispose');
  return names.has('any') || names.has(kind) || (isDisposable && kind === 'Tensor');
}

function called({ name }: Callable, self: unknown, args: readonly unknown[]): unknown {
  const [owner = '', method = ''] = name.split(/[.#]/);
  if (name.includes('#')) return Reflect.apply(Reflect.get(Object(self), method), self, args);
  if (name.startsWith('new ')) return Reflect.construct(Reflect.get(engine, name.slice(4)), args);
  const held: object = method === '' ? engine : Reflect.get(engine, owner);
  return Reflect.apply(Reflect.get(held, method || owner), held, args);
}

function isIterator(value: unknown): value is IterableIterator<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'next' in value;
}

/** Calls, goes the way back, and waits for what comes of it. @returns what tensors hold that is not finite */
async function outcome(callable: Callable, self: unknown, args: readonly unknown[]): Promise<number[]> {
  let result: unknown;
  const tensors: Tensor[] = [];
  scope(() => {
    result = called(callable, self, args);
    if (isIterator(result)) result = [...result];
    const all = [result].flat(3).filter((one) => one instanceof Tensor && one.device === device) as Tensor[];
    tensors.push(...all.map((one) => keep(one)));
    const differentiable = all.filter(({ requiresGrad, node }) => requiresGrad && node);
    if (differentiable.length > 0) backward(differentiable.map((one) => sum(one)));
  });
  try {
    if (result instanceof Promise) result = await result;
    const gradients = args.flat().flatMap((one) => (one instanceof Tensor ? (one.grad ?? []) : []));
    // An empty tensor holds what was there before.
    const computed = callable.name === 'Tensor.empty' ? [] : [...tensors, ...gradients];
    const values: ArrayLike<number>[] = await Promise.all(computed.map((tensor) => tensor.data()));
    await device.fence();
    return values.flatMap((of) => Array.from(of).filter((value) => !Number.isFinite(value)));
  } finally {
    for (const one of [result].flat()) {
      if (one instanceof Device) one.close();
      else if (isDisposable(one)) one.dispose();
    }
  }
}

function isDisposable(value: unknown): value is engine.Disposable {
  return typeof value === 'object' && value !== null && 'dispose' in value && typeof value.dispose === 'function';
}

const callables = callablesOf('src/index.ts').filter(({ name }) => !LEFT_OUT.some(([names]) => names.test(name)));

test('every function has arguments that it takes', () => {
  const lacking = callables.filter(({ name, signatures }) => {
    const takesNone = signatures.every((parameters) => parameters.length === 0);
    return (!takesNone && !argumentsOf(name)) || (name.includes('#') && !selfOf(name));
  });
  expect(lacking.map(({ name }) => name)).toEqual([]);
});

describe.each(callables)('$name', (callable) => {
  const { name, signatures } = callable;
  const parameters = (signatures[0] ?? []).map((_, i) =>
    together(signatures.flatMap((signature) => signature[i] ?? [])),
  );
  const makeArguments = argumentsOf(name) ?? (() => []);

  test('right arguments', async () => {
    expect(await outcome(callable, selfOf(name)?.(make), makeArguments(make))).toEqual([]);
    make.dispose();
  });

  test.skipIf(parameters.length === 0)(
    'wrong arguments',
    async () => {
      const places = makeArguments(make).flatMap((argument, i) => {
        const kind = parameters[Math.min(i, parameters.length - 1)];
        return kind ? placesIn(kind, argument, [i]) : [];
      });
      make.dispose();
      const faults: string[] = [];
      for (const { path, kind } of places.filter(
        (place) => !JUDGED_ELSEWHERE.test(`${name} ${place.path.join('.')}`),
      )) {
        for (let i = 0; i < PLAIN.length + TENSORS + 2; i++) {
          const before = device.pool.use.liveBytes;
          const [self, args] = [selfOf(name)?.(make), makeArguments(make)];
          const tensors = wrongTensors().map((tensor) => ['Tensor', tensor] as const);
          const [kindOfWrong, wrong] = [...PLAIN, ...tensors, ['Device', closed], ['Device', other]][i] as [
            string,
            unknown,
          ];
          const what = `${path.join('.')} = ${kindOfWrong} ${i < PLAIN.length ? described(wrong) : i - PLAIN.length}`;
          try {
            const notFinite = await outcome(callable, self, replaced(args, path, wrong) as unknown[]);
            if (!belongs(kind, kindOfWrong)) faults.push(`${what} was taken`);
            if (notFinite.length > 0) faults.push(`${what} made ${notFinite[0]}`);
          } catch (error) {
            if (!(error instanceof CyclopsError)) faults.push(`${what}: ${error}`);
          }
          make.dispose();
          const left = device.pool.use.liveBytes - before;
          if (left !== 0) faults.push(`${what} left ${left} bytes taken`);
        }
      }
      expect(faults).toEqual([]);
    },
    300_000,
  );
});

function described(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(described)}]` : typeof value === 'object' ? 'object' : String(value);
}

const methods = callables.filter(({ name }) => name.includes('#') && !name.startsWith('Device#'));

test.each(methods)('$name of what was disposed of touches no memory', async (callable) => {
  const self = selfOf(callable.name)?.(make);
  const args = argumentsOf(callable.name)?.(make) ?? [];
  make.dispose();
  const before = device.pool.use.liveBytes;
  // Others have the memory now.
  const others = Array.from({ length: 40 }, (_, i) =>
    Tensor.from(device, new Float32Array(1 + 40 * i).fill(7), [1 + 40 * i]),
  );
  const taken = device.pool.use.liveBytes;
  try {
    await outcome(callable, self, args);
  } catch (error) {
    expect(error).toBeInstanceOf(CyclopsError);
  }
  expect(device.pool.use.liveBytes).toBe(taken);
  for (const one of others) {
    expect((await one.data()).every((value) => value === 7)).toBe(true);
    one.dispose();
  }
  expect(device.pool.use.liveBytes).toBe(before);
});

test.each(callables.filter(({ name }) => name.includes('#')))('$name on a closed device', async (callable) => {
  const gone = await open();
  const there = new Maker(gone);
  const [self, args] = [selfOf(callable.name)?.(there), argumentsOf(callable.name)?.(there) ?? []];
  gone.close();
  try {
    await outcome(callable, self, args);
  } catch (error) {
    expect(error).toBeInstanceOf(CyclopsError);
    expect(String(error)).toMatch(/is closed/);
  }
  there.dispose();
});
