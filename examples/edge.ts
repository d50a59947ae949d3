// Learns a 3×3 filter from examples: the network sees images and the Sobel edges of them, and finds the Sobel weights.
import { Adam, backward, conv2d, Device, mseLoss, randomUniform, scope, Tensor } from '../src/index.ts';

const device = await Device.open();
const images = randomUniform(device, [4, 16, 16, 1], { seed: 1, stream: 0, low: -1, high: 1 });
const sobel = Tensor.from(device, [1, 0, -1, 2, 0, -2, 1, 0, -1], [3, 3, 1, 1]);
const edges = conv2d(images, sobel, null, { padding: 1, paddingMode: 'reflect' });

const weight = randomUniform(device, [3, 3, 1, 1], { seed: 2, stream: 0, low: -0.1, high: 0.1 });
weight.requiresGrad = true;
const adam = new Adam([weight], { lr: 0.1, betas: [0.9, 0.999] });
const step = () =>
  scope(() => {
    const guess = conv2d(images, weight, null, { padding: 1, paddingMode: 'reflect' });
    adam.zeroGrad();
    backward(mseLoss(guess, edges));
    adam.step();
  });

// Recorded once, replayed 200 times; calling step() as often gives the same bits.
const captured = device.capture(step);
for (let i = 0; i < 200; i++) captured.replay();
console.log([...(await weight.data())].map((value) => value.toFixed(2)).join(' '));
device.close();
