/**
 * Times every variant of the convolution kernels on the layers of a generator and a discriminator: `npx tsx bench/convolutions.ts [NGF] [SIZE]`.
 * Prints the median of repeated runs and GFLOP/s by the formula's own count; the first run (compilation) is left out.
 */
import { Device } from '../src/gpu/device.ts';
import { convForward } from '../src/kernels/conv2d/forward.ts';
import { convInputGrad } from '../src/kernels/conv2d/inputGrad.ts';
import { type ConvProblem, convFlops, describe } from '../src/kernels/conv2d/problem.ts';
import { convWeightGrad } from '../src/kernels/conv2d/weightGrad.ts';
import { supportedVariants } from '../src/kernels/variant.ts';
import { Tensor } from '../src/tensor/tensor.ts';

const ngf = Number(process.argv[2] ?? 32);
const size = Number(process.argv[3] ?? 64);

function layer(
  extent: number,
  c: number,
  o: number,
  k: number,
  stride: number,
  padding: number,
  reflect = false,
): ConvProblem {
  const out = Math.floor((extent + 2 * padding - k) / stride) + 1;
  const paddingMode = reflect ? 'reflect' : 'zeros';
  return { n: 1, h: extent, w: extent, c, p: out, q: out, o, kh: k, kw: k, stride, padding, paddingMode };
}

const layers = [
  layer(size, 3, ngf, 7, 1, 3, true),
  layer(size, ngf, 2 * ngf, 3, 2, 1),
  layer(size / 2, 2 * ngf, 4 * ngf, 3, 2, 1),
  layer(size / 4, 4 * ngf, 4 * ngf, 3, 1, 1, true),
  layer(size, ngf, 3, 7, 1, 3, true),
  layer(size, 3, ngf, 4, 2, 1),
  layer(size / 2, ngf, 2 * ngf, 4, 2, 1),
  layer(size / 8, 4 * ngf, 8 * ngf, 4, 1, 1),
  layer(size / 8 - 1, 8 * ngf, 1, 4, 1, 1),
];

const device = await Device.open();
console.log(`${device.info.name}, ngf ${ngf}, ${size}×${size}, batch 1`);

async function time(run: () => void): Promise<number> {
  run();
  await device.fence();
  const repeats = 5;
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    for (let j = 0; j < repeats; j++) run();
    await device.fence();
    times.push((performance.now() - start) / repeats);
  }
  return times.sort((a, b) => a - b)[2] ?? Number.NaN;
}

for (const k of layers) {
  const tensor = (...shape: number[]) =>
    Tensor.from(
      device,
      new Float32Array(shape.reduce((a, b) => a * b)).map(() => Math.random() - 0.5),
      shape,
    );
  const x = tensor(k.n, k.h, k.w, k.c).slice;
  const y = tensor(k.n, k.p, k.q, k.o).slice;
  const weight = tensor(k.kh, k.kw, k.c, k.o).slice;
  const dw = tensor(k.kh, k.kw, k.c, k.o).slice;
  const runs = [
    ...supportedVariants(device, convForward, k).map(
      (v) => ['forward', v, () => v.launch(device, k, { x, weight, bias: null, y, activation: 'none' })] as const,
    ),
    ...supportedVariants(device, convInputGrad, k).map(
      (v) => ['inputGrad', v, () => v.launch(device, k, { dy: y, weight, bias: null, dx: x })] as const,
    ),
    ...supportedVariants(device, convWeightGrad, k).map(
      (v) => ['weightGrad', v, () => v.launch(device, k, { x, dy: y, dw, accumulate: false })] as const,
    ),
  ];
  console.log(`\n${describe(k)}: ${(convFlops(k) / 1e6).toFixed(0)} MFLOP`);
  for (const [product, variant, run] of runs) {
    const ms = await time(run);
    console.log(
      `  ${product.padEnd(10)} ${variant.name.padEnd(12)} ${ms.toFixed(2).padStart(8)} ms ${(convFlops(k) / ms / 1e6).toFixed(1).padStart(7)} GFLOP/s`,
    );
  }
}
device.close();
