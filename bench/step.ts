/**
 * Times a generator's forward pass and a full training step: `npx tsx bench/step.ts [NGF] [BLOCKS] [SIZE] [BATCH]`.
 * Medians of repeated runs after a warm-up that compiles the kernels.
 */
import { noGrad } from '../src/autograd/tape.ts';
import { CycleGAN } from '../src/cyclegan/model.ts';
import { Device } from '../src/gpu/device.ts';
import { randomUniform } from '../src/tensor/random.ts';
import { scope } from '../src/tensor/scope.ts';

const [ngf = 32, blocks = 6, size = 64, batch = 1] = process.argv.slice(2).map(Number);
const device = await Device.open();
const options = {
  ...{ channels: 3, ngf, ndf: ngf, blocks, lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, ganMode: 'lsgan' as const },
  ...{ poolSize: 50, lr: 2e-4, betas: [0.5, 0.999] as const, discriminatorOptimisers: 'shared' as const, seed: 1 },
};
const gan = new CycleGAN(device, options, { uniform: () => Math.random() });
const [a, b] = [1, 2].map((stream) => randomUniform(device, [batch, size, size, 3], 7, stream, -1, 1));
if (!a || !b) throw new Error('unreachable');

async function median(run: () => void): Promise<string> {
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    run();
    await device.fence();
    if (i >= 2) times.push(performance.now() - start);
  }
  times.sort((x, y) => x - y);
  return `${times[3]?.toFixed(1)} ms (${times[0]?.toFixed(1)} to ${times.at(-1)?.toFixed(1)})`;
}

console.log(`${device.info.name}: ngf = ndf = ${ngf}, ${blocks} blocks, ${size}×${size}, batch ${batch}`);
console.log('generator forward', await median(() => scope(() => void noGrad(() => gan.networks.G_A.forward(a)))));
const before = device.recorder.launches;
gan.step(a, b);
const launches = device.recorder.launches - before;
console.log('training step    ', await median(() => gan.step(a, b)));
const { use } = device.pool;
console.log(
  `launches a step ${launches}; live ${(use.liveBytes / 2 ** 20).toFixed(0)} MiB, peak ${(use.peakBytes / 2 ** 20).toFixed(0)} MiB`,
);
gan.dispose();
device.close();
