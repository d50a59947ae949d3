import * as v from 'valibot';
import { mseLoss } from '../../autograd/losses/mse-loss.ts';
import { backward } from '../../autograd/tape.ts';
import { patchDiscriminator, resnetGenerator } from '../../cyclegan/networks.ts';
import { pixelDiscriminator } from '../../cyclegan/pixel-discriminator.ts';
import { unetGenerator } from '../../cyclegan/unet-generator.ts';
import { list, object, oneOf, text, whole } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import type { Module } from '../../layers/module.ts';
import { scope } from '../../tensor/scope.ts';
import {
  entry,
  type Golden,
  gradients,
  readGolden,
  readImages,
  readIndex,
  readManifest,
  uploadImages,
} from './golden.ts';
import { type Check, errorOverMax, type Finding, RelativeL2, TOLERANCE } from './tolerance.ts';

const architectureSchema = object({
  kind: oneOf(['G', 'D']),
  netG: v.exactOptional(text),
  netD: v.exactOptional(text),
  n_layers: v.exactOptional(whole(1)),
  inc: whole(1),
  outc: v.exactOptional(whole(1)),
  nf: whole(1),
  norm: oneOf(['instance', 'batch']),
});
type Architecture = v.InferOutput<typeof architectureSchema>;

/** Output, loss, gradients and running statistics of networks in training with the reference's weights, against `folder` (golden nets/). */
export async function* verifyNets(device: Device, folder: string): AsyncGenerator<Finding> {
  for (const { name, arch } of readIndex(folder, object({ name: text, arch: architectureSchema }))) {
    const network = build(device, arch);
    if (typeof network === 'string') {
      yield { name: `nets/${name}`, reason: network };
      continue;
    }
    network.loadStateDict(readGolden(folder, `${name}.weights.safetensors`), `${name}.weights.safetensors`);
    const { dead_biases: dead } = readManifest(object({ dead_biases: list(text) }), folder, `${name}.json`);
    const golden = readGolden(folder, `${name}.io.safetensors`);
    yield* compare(`nets/${name}`, device, { network, dead: new Set(dead), golden });
    network.dispose();
  }
}

/** The network, or why there is none. */
function build(
  device: Device,
  { kind, netG, netD, n_layers: layers, inc: channels, outc = channels, nf, norm }: Architecture,
): Module | string {
  const start = { channels, seed: 0, stream: 0 };
  const blocks = /^resnet_(\d+)blocks$/.exec(netG ?? '')?.[1];
  if (kind === 'G' && blocks !== undefined)
    return resnetGenerator(device, { ...start, outChannels: outc, ngf: nf, blocks: Number(blocks), norm });
  if (kind === 'D' && netD === 'n_layers' && layers)
    return patchDiscriminator(device, { ...start, ndf: nf, layers, norm });
  if (norm !== 'instance')
    return `the architecture ${netG ?? netD} with batch normalisation is not part of this package`;
  const levels = { unet_128: 7, unet_256: 8 }[netG ?? ''];
  if (kind === 'G' && levels !== undefined) return unetGenerator(device, { ...start, ngf: nf, levels });
  if (kind === 'D' && netD === 'pixel') return pixelDiscriminator(device, { ...start, ndf: nf });
  return `the architecture ${netG ?? netD} is not part of this package`;
}

interface Compared {
  network: Module;
  /** Biases in front of an instance norm: their gradient is 0, and what the reference has there is noise. */
  dead: ReadonlySet<string>;
  golden: Golden;
}

async function* compare(name: string, device: Device, { network, dead, golden }: Compared): AsyncGenerator<Check> {
  const input = uploadImages(device, entry(golden, 'input'));
  const target = uploadImages(device, entry(golden, 'target'));
  input.requiresGrad = true;
  const { output, loss } = scope(() => {
    const output = network.forward(input);
    const loss = mseLoss(output, target);
    backward(loss);
    return { output, loss };
  });

  const outputError = errorOverMax(await readImages(output), entry(golden, 'output').data);
  yield { name, what: 'output, of its maximum', error: outputError, tolerance: TOLERANCE.networkOutput };
  const lossError = errorOverMax(await loss.data(), entry(golden, 'loss').data);
  yield { name, what: 'loss, relative', error: lossError, tolerance: TOLERANCE.stepLosses };
  const inputGrad = input.grad ? await readImages(input.grad) : [];
  const inputError = new RelativeL2().add(inputGrad, entry(golden, 'grad_input').data).error;
  yield { name, what: 'input gradient, relative L2', error: inputError, tolerance: TOLERANCE.networkGrads };

  const all = new RelativeL2();
  let worst = { key: '', error: 0 };
  for (const [key, grad] of await gradients(network)) {
    if (dead.has(key)) continue;
    const expected = entry(golden, `grad.${key}`).data;
    all.add(grad ?? [], expected);
    const { error } = new RelativeL2().add(grad ?? [], expected);
    if (!(error <= worst.error)) worst = { key, error };
  }
  yield { name, what: 'weight gradients, relative L2', error: all.error, tolerance: TOLERANCE.networkGrads };
  yield { name, what: `worst of them, ${worst.key}`, error: worst.error, tolerance: TOLERANCE.networkGradWorst };

  const state = await network.stateDict();
  const statistics = [...golden].flatMap(([key, { data }]) => {
    const [, buffer] = /^buffer_after\.(.*)$/.exec(key) ?? [];
    return buffer === undefined ? [] : [errorOverMax(state.get(buffer)?.data ?? [], data)];
  });
  if (statistics.length > 0) {
    const error = Math.max(...statistics);
    yield { name, what: 'running statistics, of their maximum', error, tolerance: TOLERANCE.networkOutput };
  }
  for (const tensor of [input, target, output, loss]) tensor.dispose();
}
