/** Subgroup matrices themselves: what this device offers computes what the formula says, before any kernel is built on it. */
import { afterAll, expect, test } from 'vitest';
import { Device } from '../../../src/gpu/device.ts';
import type { MatrixConfig } from '../../../src/gpu/host/adapter.ts';
import { immediates, type Kernel } from '../../../src/gpu/launch.ts';
import { Tensor } from '../../../src/tensor/tensor.ts';
import { poison, worst } from '../../oracles/compare.ts';

const device = await Device.open({ checked: true });
afterAll(() => device.close());

/** Tiles in each direction of the product, so that loads, accumulation and stores all depend on their offsets and strides. */
const [ROWS, COLUMNS, DEPTH] = [2, 3, 4];

/** out [m,n] = left [m,k] · right [k,n], one subgroup and one workgroup a tile of the result. */
function multiply({ m, n, k }: MatrixConfig, lanes: number): Kernel {
  const code = `
    enable f16;
    enable chromium_experimental_subgroup_matrix;
    struct Params { n: u32, k: u32 }
    var<immediate> p: Params;
    @group(0) @binding(0) var<storage, read> left: array<f16>;
    @group(0) @binding(1) var<storage, read> right: array<f16>;
    @group(0) @binding(2) var<storage, read_write> out: array<f32>;

    @compute @workgroup_size(${lanes})
    fn main(@builtin(workgroup_id) tile: vec3u) {
      var sum = subgroup_matrix_result<f32, ${n}, ${m}>(0);
      for (var i = 0u; i < p.k; i += ${k}) {
        let a = subgroupMatrixLoad<subgroup_matrix_left<f16, ${k}, ${m}>, row_major>(&left, tile.y * ${m} * p.k + i, p.k);
        let b = subgroupMatrixLoad<subgroup_matrix_right<f16, ${n}, ${k}>, row_major>(&right, i * p.n + tile.x * ${n}, p.n);
        sum = subgroupMatrixMultiplyAccumulate(a, b, sum);
      }
      subgroupMatrixStore<row_major>(&out, tile.y * ${m} * p.n + tile.x * ${n}, sum, p.n);
    }`;
  return { name: `multiply_${m}x${n}x${k}`, code, access: 'rrw', constants: {} };
}

/** Normal f16 numbers of either sign, between 2^-7 and 4 in size, as bits. */
function randomHalves(count: number): Uint16Array<ArrayBuffer> {
  const below = (limit: number) => Math.floor(limit * Math.random());
  return Uint16Array.from({ length: count }, () => (below(2) << 15) | ((8 + below(9)) << 10) | below(1024));
}

/** The value of a normal f16: (−1)^sign · 2^(exponent − 15) · (1 + fraction / 1024). */
function halfValue(bits: number): number {
  return (bits >> 15 ? -1 : 1) * 2 ** (((bits >> 10) & 31) - 15) * (1 + (bits & 1023) / 1024);
}

/** left [m,k] · right [k,n] in float64. */
function product(left: Uint16Array, right: Uint16Array, [m, n, k]: [number, number, number]): Float64Array {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [row, column] = [Math.floor(at / n), at % n];
    let sum = 0;
    for (let i = 0; i < k; i++) sum += halfValue(left[row * k + i]!) * halfValue(right[i * n + column]!);
    return sum;
  });
}

async function run(config: MatrixConfig): Promise<void> {
  const [m, n, k] = [ROWS * config.m, COLUMNS * config.n, DEPTH * config.k];
  const halves = (count: number, shape: number[]) => {
    const bits = randomHalves(count);
    const tensor = Tensor.empty(device, shape, 'f16');
    device.write(tensor.slice, bits);
    return { bits, tensor };
  };
  const left = halves(m * k, [m, k]);
  const right = halves(k * n, [k, n]);
  const out = Tensor.from(device, poison(m * n), [m, n]);
  device.launch({
    kernel: multiply(config, device.info.subgroupSize.max),
    bindings: [left.tensor.slice, right.tensor.slice, out.slice],
    immediates: immediates(n, k),
    workgroups: [COLUMNS, ROWS, 1],
    label: 'matrix.multiply',
    flops: 2 * m * n * k,
    bytes: 2 * (m * k + k * n) + 4 * m * n,
  });
  expect(worst(await out.data(), product(left.bits, right.bits, [m, n, k]))).toBeLessThan(1e-5);
  for (const tensor of [left.tensor, right.tensor, out]) tensor.dispose();
}

test('f16 operands into f32 results: every shape that the device offers', async ({ skip }) => {
  const configs = device.info.matrixConfigs.filter(({ component, result }) => component === 'f16' && result === 'f32');
  skip(!device.features.has('chromium-experimental-subgroup-matrix'), 'this device offers no subgroup matrices');
  expect(configs).not.toEqual([]);
  for (const config of configs) await run(config);
});
