import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { decodeSafetensors } from '../../src/data/files/safetensors.ts';
import { Device } from '../../src/gpu/device.ts';
import { fill } from '../../src/kernels/elementwise.ts';
import { Tensor } from '../../src/tensor/tensor.ts';
import { worst } from '../oracles/compare.ts';

/** A device whose memory holds NaN wherever nothing was written: in outputs, temporaries, and the padding behind tensors. */
export async function openPoisoned(): Promise<Device> {
  const device = await Device.open({ checked: true });
  const take = device.pool.take.bind(device.pool);
  device.pool.take = (bytes) => {
    const buffer = take(bytes);
    fill(device, { value: Number.NaN, out: { buffer, offset: 0, size: buffer.size }, count: buffer.size / 4 });
    return buffer;
  };
  return device;
}

/** A leaf that wants its gradient. */
export function leaf(device: Device, values: ArrayLike<number>, shape: readonly number[]): Tensor {
  const tensor = Tensor.from(device, values, shape);
  tensor.requiresGrad = true;
  return tensor;
}

/** The gradient that a backward pass left on a leaf. */
export async function gradOf(tensor: Tensor): Promise<Float32Array> {
  if (!tensor.grad) throw new Error(`${tensor} has no gradient.`);
  return tensor.grad.data();
}

/**
 * Asserts that no element is further from the oracle's than `tolerance` of the largest, or of the size that such elements typically
 * have where all of a few happen to be small.
 */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance = 2e-6,
  typical = 0,
): void {
  expect(actual.length).toBe(expected.length);
  expect(worst(actual, expected, typical)).toBeLessThanOrEqual(tolerance);
}

/** Uniform in ±[0.1, 1): clear of the kinks at 0. */
export function awayFromZero(count: number): Float32Array {
  return Float32Array.from({ length: count }, () => (0.1 + 0.9 * Math.random()) * Math.sign(Math.random() - 0.5 || 1));
}

/** Images of a golden file are NCHW; here they are turned to NHWC. */
export function golden(name: string): (tensor: string) => { shape: number[]; data: Float32Array } {
  const path = new URL(`../golden/ops/${name}.safetensors`, import.meta.url).pathname;
  const { tensors } = decodeSafetensors(readFileSync(path), path);
  return (key) => {
    const stored = tensors.get(key);
    if (stored?.dtype !== 'F32') throw new Error(`${path} holds no F32 tensor ${key}.`);
    const { shape, data } = stored;
    const [n, c, h, w] = shape;
    if (n === undefined || c === undefined || h === undefined || w === undefined) return { shape, data };
    const turned = new Float32Array(data.length);
    data.forEach((value, i) => {
      const [x, y, z] = [i % w, Math.floor(i / w) % h, Math.floor(i / (w * h)) % c];
      turned[((Math.floor(i / (w * h * c)) * h + y) * w + x) * c + z] = value;
    });
    return { shape: [n, h, w, c], data: turned };
  };
}
