import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { philox4x32, RandomStream, randomNormal, randomUniform, type Words } from '../../src/tensor/random.ts';

const ONES = 0xffffffff;

/** Philox4x32-10 once more, from the paper's definition, in BigInt. */
function oracle(seed: bigint, stream: bigint, block: bigint): bigint[] {
  const mask = 0xffffffffn;
  let c = [block & mask, block >> 32n, seed >> 32n, 0n];
  let k = [seed & mask, stream];
  for (let round = 0; round < 10; round++) {
    const [c0, c1, c2, c3] = c as [bigint, bigint, bigint, bigint];
    const a = 0xd2511f53n * c0;
    const b = 0xcd9e8d57n * c2;
    c = [(b >> 32n) ^ c1 ^ k[0]!, b & mask, (a >> 32n) ^ c3 ^ k[1]!, a & mask];
    k = [(k[0]! + 0x9e3779b9n) & mask, (k[1]! + 0xbb67ae85n) & mask];
  }
  return c;
}

/** The first uniforms of a sequence, in float64. */
function uniforms(seed: number, stream: number, count: number): number[] {
  const blocks = Array.from({ length: Math.ceil(count / 4) }, (_, b) =>
    oracle(BigInt(seed), BigInt(stream), BigInt(b)),
  );
  return blocks
    .flat()
    .slice(0, count)
    .map((word) => Number(word >> 8n) / 2 ** 24);
}

describe('philox4x32', () => {
  const vectors: [Words, [number, number], Words][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [ONES, ONES, ONES, ONES],
      [ONES, ONES],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  it.each(vectors)("gives Random123's known answers: counter %j, key %j", (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected);
  });
});

describe('RandomStream', () => {
  it('is the sequence of its seed and stream, also for seeds beyond 32 bits', () => {
    for (const [seed, stream] of [
      [0, 0],
      [12345, 7],
      [2 ** 53 - 1, ONES],
    ] as const) {
      const random = new RandomStream(seed, stream);
      expect(uniforms(seed, stream, 11)).toEqual(Array.from({ length: 11 }, () => random.uniform()));
    }
  });

  it('continues from any saved position', () => {
    const random = new RandomStream(5, 1);
    for (let i = 0; i < 6; i++) random.integer(10);
    const { position } = random;
    const draws = (from: RandomStream) => [
      from.uniform(),
      from.integer(1000),
      from.shuffle([1, 2, 3, 4, 5]),
      from.uniform(),
    ];
    const resumed = new RandomStream(5, 1);
    resumed.position = position;
    const expected = draws(random);
    expect(draws(resumed)).toEqual(expected);
    random.position = position;
    expect(draws(random)).toEqual(expected);
  });

  it('draws each integer equally often, also where 2^32 is no multiple of their number', () => {
    const random = new RandomStream(9, 0);
    const counts = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) counts[random.integer(3)]! += 1;
    // Chi square with two degrees of freedom: 13.8 is passed once in a thousand.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(13.8);
    // Of 2^32 words the upper third must be thrown away here, else the lower half comes twice as often as the upper.
    const third = 2 ** 32 / 1.5;
    let low = 0;
    for (let i = 0; i < 10_000; i++) low += random.integer(Math.floor(third)) < third / 2 ? 1 : 0;
    expect(Math.abs(low - 5000)).toBeLessThan(250);
  });

  it('shuffles a copy into every order equally often', () => {
    const random = new RandomStream(3, 2);
    const items = ['a', 'b', 'c', 'd'];
    const seen = new Map<string, number>();
    for (let i = 0; i < 12_000; i++) {
      const order = random.shuffle(items).join('');
      seen.set(order, (seen.get(order) ?? 0) + 1);
    }
    expect(items).toEqual(['a', 'b', 'c', 'd']);
    expect(seen.size).toBe(24);
    // Chi square with 23 degrees of freedom: 49.7 is passed once in a thousand.
    expect([...seen.values()].reduce((sum, count) => sum + (count - 500) ** 2 / 500, 0)).toBeLessThan(49.7);
  });

  it('refuses what is no seed', () => {
    for (const seed of [-1, 0.5, 2 ** 53, Number.NaN])
      expect(() => new RandomStream(seed, 0)).toThrow(`got seed ${seed}`);
    expect(() => new RandomStream(0, 2 ** 32)).toThrow('stream 4294967296');
  });
});

describe('random fills', () => {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ checked: true });
  });
  afterAll(() => device.close());

  it('are the uniforms of the host, bit for bit', async () => {
    for (const [seed, stream] of [
      [0, 0],
      [77, 3],
      [2 ** 53 - 1, ONES],
    ] as const) {
      const x = randomUniform(device, [3, 5, 7], { seed, stream, low: 0, high: 1 });
      expect(Array.from(await x.data())).toEqual(uniforms(seed, stream, 105));
      x.dispose();
    }
    const y = randomUniform(device, [1001], { seed: 4, stream: 2, low: -3, high: 5 });
    const expected = uniforms(4, 2, 1001).map((u) => -3 + 8 * u);
    (await y.data()).forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6);
      expect(value).toBeLessThan(5);
    });
    y.dispose();
  });

  it('are the same whatever the size of the tensor', async () => {
    const long = randomNormal(device, [700_001], { seed: 1, stream: 1, mean: 0, std: 1 });
    const short = randomNormal(device, [13], { seed: 1, stream: 1, mean: 0, std: 1 });
    expect((await long.data()).slice(0, 13)).toEqual(await short.data());
    for (const tensor of [long, short]) tensor.dispose();
  });

  it('are normal by Box and Muller within float error', async () => {
    const count = 40_003;
    const [mean, std] = [0.25, 0.02];
    const x = randomNormal(device, [count], { seed: 123, stream: 4, mean, std });
    const u = uniforms(123, 4, count + 3);
    const z = await x.data();
    let worst = 0;
    for (let i = 0; i < count; i++) {
      const pair = i - (i % 2);
      const radius = Math.sqrt(-2 * Math.log(1 - u[pair]!));
      const angle = 2 * Math.PI * u[pair + 1]!;
      const expected = mean + std * radius * (i % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
      worst = Math.max(worst, Math.abs(z[i]! - expected));
    }
    // A few units in the last place of a value below 0.4.
    expect(worst).toBeLessThan(1e-7);
    x.dispose();
  });

  it('have the moments of a normal distribution, independent from neighbour to neighbour', async () => {
    const count = 200_000;
    const x = randomNormal(device, [count], { seed: 2024, stream: 0, mean: 0, std: 1 });
    const z = Array.from(await x.data());
    const average = (f: (value: number, i: number) => number) =>
      z.reduce((sum, value, i) => sum + f(value, i), 0) / count;
    // Five standard errors each.
    const within = (variance: number) => 5 * Math.sqrt(variance / count);
    expect(Math.abs(average((v) => v))).toBeLessThan(within(1));
    expect(Math.abs(average((v) => v ** 2) - 1)).toBeLessThan(within(2));
    expect(Math.abs(average((v) => v ** 3))).toBeLessThan(within(15));
    expect(Math.abs(average((v) => v ** 4) - 3)).toBeLessThan(within(96));
    for (const lag of [1, 2, 4]) expect(Math.abs(average((v, i) => v * (z[i + lag] ?? 0)))).toBeLessThan(within(1));
    x.dispose();
  });

  it('refuse what is no seed', () => {
    expect(() => randomNormal(device, [1], { seed: 1.5, stream: 0, mean: 0, std: 1 })).toThrow('got seed 1.5');
    expect(() => randomUniform(device, [1], { seed: 0, stream: -1, low: 0, high: 1 })).toThrow('stream -1');
  });
});
