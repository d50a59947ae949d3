import { join } from 'node:path';
import { Detector } from '../../src/detector.ts';
import { openDawn } from '../../src/gpu/host/dawn.ts';
import { Adam, backward, conv2d, Device, leakyRelu, mseLoss, randomUniform, scope } from '../../src/index.ts';
import { SEEDS } from '../fuzz/reader.ts';

/** One thing that is done again and again. Each time it gives numbers, which are the same whenever they are of the same kind. */
export interface Part {
  /** How often in a whole run. */
  times: number;
  /** Does without the engine what another part does with it: what grows here is none of ours, and is told without a verdict. */
  isControl?: true;
  begin(): Promise<{ once(time: number): Promise<{ kind: string; numbers: readonly number[] }>; end(): void }>;
}

/** A picture of this number's size and content. */
function picture(kind: number) {
  const [width, height] = [24 + (kind % 7) * 5, 20 + (kind % 5) * 9];
  const pixels = Uint8Array.from(
    { length: width * height * 3 },
    (_, i) => (i * 31 + kind * 97 + (i >> 5) * kind) % 256,
  );
  return { width, height, channels: 3 as const, pixels };
}

/** A network of two layers that learns one example. */
function learner(device: Device) {
  const uniform = (stream: number, ...shape: number[]) =>
    randomUniform(device, shape, { seed: 5, stream, low: -0.3, high: 0.3 });
  const [x, target] = [uniform(0, 1, 8, 8, 3), uniform(1, 1, 8, 8, 2)];
  const weights = [uniform(2, 3, 3, 3, 4), uniform(3, 3, 3, 4, 2)] as const;
  for (const weight of weights) weight.requiresGrad = true;
  const adam = new Adam([...weights], { lr: 1e-3, betas: [0.9, 0.999] });
  const step = () =>
    scope(() => {
      const hidden = leakyRelu(conv2d(x, weights[0], null, { padding: 1 }), 0.2);
      adam.zeroGrad();
      backward(mseLoss(conv2d(hidden, weights[1], null, { padding: 1 }), target));
      adam.step();
    });
  return { step, weights };
}

const BARE_KERNELS = 12;

/** Runs kernels of different texts one after another over 64 numbers. */
async function bareStep(device: GPUDevice): Promise<number[]> {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const buffer = device.createBuffer({ size: 256, usage: STORAGE | COPY_SRC });
  const read = device.createBuffer({ size: 256, usage: COPY_DST | MAP_READ });
  const encoder = device.createCommandEncoder();
  for (let kernel = 0; kernel < BARE_KERNELS; kernel++) {
    const code = `@group(0) @binding(0) var<storage, read_write> b: array<f32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) i: vec3u) { b[i.x] = b[i.x] * 0.5 + ${kernel}.0; }`;
    const pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }) },
    });
    const entries = [{ binding: 0, resource: { buffer } }];
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
    pass.dispatchWorkgroups(1);
    pass.end();
  }
  encoder.copyBufferToBuffer(buffer, 0, read, 0, 256);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const numbers = [...new Float32Array(read.getMappedRange())];
  read.destroy();
  buffer.destroy();
  return numbers;
}

const finite = (numbers: Iterable<number>) => [...numbers].map((number) => (Number.isFinite(number) ? 0 : 1));

export const PARTS: Readonly<Record<string, Part>> = {
  /** Images of 35 sizes through a detector. */
  images: {
    times: 10_000,
    async begin() {
      const detector = await Detector.open(join(process.env[SEEDS] ?? '', 'run', 'model.safetensors'));
      return {
        async once(time) {
          const kind = time % 35;
          const { score, heatMap } = await detector.score(picture(kind));
          return { kind: `picture ${kind}`, numbers: [score, ...(heatMap?.values.slice(0, 64) ?? [])] };
        },
        end: () => detector.dispose(),
      };
    },
  },
  /** Steps of a training, each recorded anew. */
  steps: {
    times: 100_000,
    async begin() {
      const device = await Device.open();
      const { step, weights } = learner(device);
      return {
        async once(time) {
          step();
          // Now and then the device is waited for, as a training does that tells its losses.
          if (time % 100 > 0) return { kind: 'not read', numbers: [] };
          return { kind: 'numbers that are none', numbers: finite(await weights[0].data()) };
        },
        end: () => device.close(),
      };
    },
  },
  /** Devices, opened, used and closed. */
  devices: {
    times: 1000,
    async begin() {
      return {
        async once() {
          const device = await Device.open();
          const { step, weights } = learner(device);
          step();
          const numbers = [...(await weights[1].data())];
          device.close();
          return { kind: 'weights after a step', numbers };
        },
        end: () => {},
      };
    },
  },
  /** Devices of Dawn alone that run as many kernels as a step of the learner has. */
  'bare-devices': {
    times: 1000,
    isControl: true,
    async begin() {
      const { gpu } = openDawn({});
      return {
        async once() {
          const device = await (await gpu.requestAdapter())?.requestDevice();
          if (!device) throw new Error('there is no device');
          const numbers = await bareStep(device);
          device.destroy();
          return { kind: 'the last kernel', numbers };
        },
        end: () => {},
      };
    },
  },
  /** Steps that are captured, replayed and given up. */
  captures: {
    times: 100_000,
    async begin() {
      const device = await Device.open();
      const { step, weights } = learner(device);
      return {
        async once(time) {
          const capture = device.capture(step);
          capture.replay();
          capture.dispose();
          if (time % 20 > 0) return { kind: 'not read', numbers: [] };
          return { kind: 'numbers that are none', numbers: finite(await weights[0].data()) };
        },
        end: () => device.close(),
      };
    },
  },
};
