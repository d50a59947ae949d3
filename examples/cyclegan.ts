// Six steps of a small Cycle-GAN on noise. Images of yours take its place: tensors [N,H,W,C] in [−1, 1].
import { CycleGAN, learningRate, modelOptions, preset, RandomStream, trainingLength } from '../src/cyclegan.ts';
import { Device, randomUniform, scope } from '../src/index.ts';

const device = await Device.open();
const config = { ...preset('tiny'), batchSize: 2, nEpochs: 1, nEpochsDecay: 2 };
const gan = new CycleGAN(device, modelOptions(config), new RandomStream(config.seed, 4));
const shape = [config.batchSize, config.cropSize, config.cropSize, config.inputNc];
const noise = (stream: number) => randomUniform(device, shape, { seed: config.seed, stream, low: -1, high: 1 });

const length = trainingLength(config, 2);
for (let step = 0; step < length.steps; step++) {
  gan.lr = learningRate(config, length, 1 + Math.floor(step / length.stepsPerEpoch));
  scope(() => gan.step(noise(16 + 2 * step), noise(17 + 2 * step)));
}
for (const losses of await gan.losses()) {
  console.log(
    Object.entries(losses)
      .flatMap(([name, loss]) => [name, loss.toFixed(3)])
      .join(' '),
  );
}
gan.dispose();
device.close();
