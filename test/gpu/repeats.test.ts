import { describe, expect, it } from 'vitest';
import { DeviceBuffer } from '../../src/gpu/buffer.ts';
import type { BufferSlice, Kernel, Launch } from '../../src/gpu/launch.ts';
import { withoutRepeats } from '../../src/gpu/repeats.ts';

const kernelOf = (name: string): Kernel => ({ name, code: '', access: 'rw', constants: {} });
const [transform, use, write] = [kernelOf('transform'), kernelOf('use'), kernelOf('write')];
const all = (buffer: DeviceBuffer): BufferSlice => ({ buffer, offset: 0, size: buffer.size });

function launch(kernel: Kernel, from: DeviceBuffer, to: DeviceBuffer, more: Partial<Launch> = {}): Launch {
  return {
    ...{ kernel, bindings: [all(from), all(to)], immediates: new Uint32Array([7]), workgroups: [1, 1, 1] },
    ...{ label: 'test', flops: 0, bytes: 0, ...more },
  };
}

const buffers = (count: number) => Array.from({ length: count }, () => new DeviceBuffer(64));
const pure = { repeatable: true };
const names = (launches: readonly Launch[]) => launches.map(({ kernel }) => kernel.name);

describe('withoutRepeats', () => {
  it('computes once what still stands, and lets readers read it', () => {
    const [weight, first, second, out, other] = buffers(5) as [DeviceBuffer, ...DeviceBuffer[]] & DeviceBuffer[];
    const step = [
      launch(transform, weight!, first!, pure),
      launch(use, first!, out!),
      launch(transform, weight!, second!, pure),
      launch(use, second!, other!),
    ];
    const fewer = withoutRepeats(step, [first!, second!]);
    expect(names(fewer)).toEqual(['transform', 'use', 'use']);
    expect(fewer[2]?.bindings.map(({ buffer }) => buffer)).toEqual([first, other]);
  });

  it('follows chains of repeats', () => {
    const [weight, a, b, c, d, out] = buffers(6);
    const step = [
      launch(transform, weight!, a!, pure),
      launch(transform, a!, b!, pure),
      launch(transform, weight!, c!, pure),
      launch(transform, c!, d!, pure),
      launch(use, d!, out!),
    ];
    const fewer = withoutRepeats(step, [a!, b!, c!, d!]);
    expect(names(fewer)).toEqual(['transform', 'transform', 'use']);
    expect(fewer[2]?.bindings[0]?.buffer).toBe(b);
  });

  it.each<[string, (own: DeviceBuffer[]) => Launch[], number[]]>([
    [
      'its input was written meanwhile',
      ([weight, a, b, other]) => [
        launch(transform, weight!, a!, pure),
        launch(write, other!, weight!),
        launch(transform, weight!, b!, pure),
      ],
      [1, 2],
    ],
    [
      'nobody said that it may be left out',
      ([weight, a, b]) => [launch(transform, weight!, a!), launch(transform, weight!, b!)],
      [1, 2],
    ],
    [
      'its result is written to again',
      ([weight, a, b, other]) => [
        launch(transform, weight!, a!, pure),
        launch(transform, weight!, b!, pure),
        launch(write, other!, b!),
      ],
      [1, 2],
    ],
    [
      'the first result is written to again',
      ([weight, a, b, other]) => [
        launch(transform, weight!, a!, pure),
        launch(write, other!, a!),
        launch(transform, weight!, b!, pure),
      ],
      [1, 2],
    ],
    [
      'its result outlives the step',
      ([weight, a, b]) => [launch(transform, weight!, a!, pure), launch(transform, weight!, b!, pure)],
      [1],
    ],
    [
      'it has other immediates',
      ([weight, a, b]) => [
        launch(transform, weight!, a!, pure),
        launch(transform, weight!, b!, { ...pure, immediates: new Uint32Array([8]) }),
      ],
      [1, 2],
    ],
    [
      'its kernel gets other words behind its immediates',
      ([weight, a, b]) => [
        launch(transform, weight!, a!, { ...pure, immediates: new Uint32Array([7, 0]).subarray(0, 1) }),
        launch(transform, weight!, b!, { ...pure, immediates: new Uint32Array([7, 9]).subarray(0, 1) }),
      ],
      [1, 2],
    ],
    [
      'its result lies in a larger buffer, of which more may be read',
      ([weight, a, , , large]) => [
        launch(transform, weight!, a!, pure),
        launch(transform, weight!, large!, { ...pure, bindings: [all(weight!), { ...all(large!), size: 64 }] }),
      ],
      [1, 4],
    ],
    [
      'it has other workgroups',
      ([weight, a, b]) => [
        launch(transform, weight!, a!, pure),
        launch(transform, weight!, b!, { ...pure, workgroups: [1, 2, 1] }),
      ],
      [1, 2],
    ],
    [
      'it is of another kernel',
      ([weight, a, b]) => [launch(transform, weight!, a!, pure), launch(kernelOf('transform'), weight!, b!, pure)],
      [1, 2],
    ],
    [
      'it reads another part of the same buffer',
      ([weight, a, b]) => [
        launch(transform, weight!, a!, { ...pure, bindings: [{ buffer: weight!, offset: 0, size: 32 }, all(a!)] }),
        launch(transform, weight!, b!, { ...pure, bindings: [{ buffer: weight!, offset: 32, size: 32 }, all(b!)] }),
      ],
      [1, 2],
    ],
  ])('leaves a launch where %s', (_, make, within) => {
    const own = [...buffers(4), new DeviceBuffer(256)];
    const step = make(own);
    expect(
      withoutRepeats(
        step,
        within.map((i) => own[i]!),
      ),
    ).toEqual(step);
  });
});
