// Adds a variant to an operation of the engine, compares all variants with the obvious one, and times those that are right.
import { Device } from '../src/index.ts';
import { convForward, measure, register } from '../src/kernels.ts';
import { pointwise } from './pointwise.ts';

register(convForward, pointwise);

// A 1×1 convolution of two images of 32×32 pixels from 64 to 64 channels.
const extents = { n: 2, h: 32, w: 32, c: 64, p: 32, q: 32, o: 64, kh: 1, kw: 1 };
const problem = { ...extents, stride: 1, padding: 0, paddingMode: 'zeros', dtype: 'f32' } as const;

const device = await Device.open();
const { milliseconds, faults } = await measure(device, convForward, problem);
console.log(`${convForward.name} ${convForward.describe(problem)} on ${device.info.name}`);
for (const [name, ms] of Object.entries(milliseconds)) console.log(`${name.padEnd(12)} ${ms.toFixed(3)} ms`);
for (const [name, fault] of Object.entries(faults)) console.log(`${name.padEnd(12)} wrong: ${fault}`);
device.close();
