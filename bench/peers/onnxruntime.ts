/** ONNX Runtime's WebGPU execution provider, which brings a Dawn of its own and has no training. */
import * as ort from 'onnxruntime-node';
import { permute } from '../../src/layers/layout.ts';
import { contend, type Work } from './contender.ts';
import { copyModel, firstValueModel, type ImageModel, networkModel } from './onnx.ts';
import { type ForwardProblem, image, parameters } from './problems.ts';

/** @param location where the session leaves its output */
function open({ model }: ImageModel, location: 'cpu' | 'gpu-buffer'): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model, {
    // NHWC is the faster of its two layouts on the columns here.
    executionProviders: [{ name: 'webgpu', preferredLayout: 'NHWC' }],
    // Without this, nodes that WebGPU does not take would go to the CPU in silence.
    extra: { session: { disable_cpu_ep_fallback: '1' } },
    preferredOutputLocation: location,
  });
}

async function compute(session: ort.InferenceSession, x: ort.Tensor): Promise<ort.Tensor> {
  const { y } = await session.run({ x });
  if (!y) throw new Error('onnxruntime gave no output.');
  return y;
}

async function forward(problem: ForwardProblem): Promise<Work> {
  const { size, channels } = problem;
  const network = networkModel(problem, parameters(problem.layers, 0));
  const session = await open(network, 'gpu-buffer');
  const upload = await open(copyModel(problem), 'gpu-buffer');
  const download = await open(copyModel(network.output), 'cpu');
  const firstValue = await open(firstValueModel(network.output), 'cpu');

  const pixels = permute(image(0, size, channels), [1, size, size, channels], [0, 3, 1, 2]);
  const x = await compute(upload, new ort.Tensor('float32', pixels, [1, channels, size, size]));
  let last: ort.Tensor | undefined;
  return {
    async run() {
      last?.dispose();
      last = await compute(session, x);
    },
    // It comes after everything before it.
    finish: async () => void (last && (await compute(firstValue, last))),
    async output() {
      const { data, dims } = await compute(download, await compute(session, x));
      if (!(data instanceof Float32Array)) throw new Error('onnxruntime gave no floats.');
      return permute(data, dims, [0, 2, 3, 1]);
    },
  };
}

await contend({
  name: 'onnxruntime',
  version: ort.env.versions.node ?? 'unknown',
  adapter: null,
  forward,
  step: 'no training',
});
