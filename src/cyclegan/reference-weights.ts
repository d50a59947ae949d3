import { quoted } from '../data/files/brief.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { StateTensor } from '../layers/layout.ts';

/*
 * State dicts of the reference implementation: junyanz/pytorch-CycleGAN-and-pix2pix, models/networks.py. Its parameters have the names that
 * they have here, but for what its versions and options changed around them.
 */

/** Weights as a file holds them. */
export interface ForeignWeights {
  tensors: ReadonlyMap<string, StateTensor<Float32Array<ArrayBuffer>>>;
  /** What the file holds that is no float, and what it is. */
  skipped: ReadonlyMap<string, string>;
}

type Tensors = Map<string, StateTensor<Float32Array<ArrayBuffer>>>;

/** A network that was recognised. */
interface Adopted {
  channels: number;
  /** Under the names that they have here. */
  tensors: Tensors;
  /** What was left out or is other than it was, in sentences for people. */
  remarks: string[];
}

export interface AdoptedGenerator extends Adopted {
  ngf: number;
  blocks: number;
}

export interface AdoptedDiscriminator extends Adopted {
  netD: 'patch' | 'unet';
  ndf: number;
  layers: number;
}

const SAVE = 'Give the state dict of one network, such as latest_net_G_A.pth.';

/** What instance norms of PyTorch before 0.4 kept, and batch norms count; neither is looked at in an image's own statistics. */
const STATISTICS = /\.(running_mean|running_var|num_batches_tracked)$/;

/** The first residual block of a generator. */
const FIRST_BLOCK = 10;

/**
 * A resnet generator; the sizes follow from the shapes. Whether every tensor is there shows when it is loaded.
 *
 * @param source of the weights, for messages @throws CyclopsError for another network, naming what it is where it can be told
 */
export function adoptGenerator(weights: ForeignWeights, source: string): AdoptedGenerator {
  const { tensors: found, remarks } = cleaned(weights, source);
  if (found.has('model.model.0.weight')) {
    throw new CyclopsError(
      `${source} holds a U-Net generator, and generators here are of residual blocks. Give one that was trained with --netG resnet_9blocks or ` +
        'resnet_6blocks.',
    );
  }
  const [ngf, channels] = shapeOf(found, 'model.1.weight', [7, 7], `${source} holds no generator of the reference`);
  const tensors: Tensors = new Map();
  let blocks = 0;
  let hasDropout = false;
  for (const [name, tensor] of found) {
    const [, layer = '', part = '', rest = ''] = /^model\.(\d+)\.conv_block\.(\d+)\.(.*)$/.exec(name) ?? [];
    if (part === '0') {
      throw new CyclopsError(
        `${source} has residual blocks that pad with zeros, and those here pad by reflection. Give a generator that was trained with the ` +
          "reference's own padding.",
      );
    }
    // A dropout between the convolutions of a block moves the second one by one.
    const isMoved = part === '6';
    hasDropout ||= isMoved;
    if (layer !== '') blocks = Math.max(blocks, Number(layer) - FIRST_BLOCK + 1);
    tensors.set(isMoved ? `model.${layer}.conv_block.5.${rest}` : name, tensor);
  }
  if (hasDropout) remarks.push('It was trained with dropout, which is off when images are judged.');
  return { channels, ngf, blocks, tensors, remarks };
}

/** A PatchGAN of the reference, or a segmenter as `cyclops export` writes it. @throws CyclopsError likewise */
export function adoptDiscriminator(weights: ForeignWeights, source: string): AdoptedDiscriminator {
  const { tensors, remarks } = cleaned(weights, source);
  if (tensors.has('net.0.weight')) {
    throw new CyclopsError(
      `${source} holds a discriminator of single pixels, and those here judge patches. Give one that was trained with --netD basic or n_layers.`,
    );
  }
  const netD = tensors.has('stem.weight') ? 'unet' : 'patch';
  const stem = netD === 'unet' ? 'stem.weight' : 'model.0.weight';
  const [ndf, channels] = shapeOf(tensors, stem, [4, 4], `${source} holds no discriminator of the reference`);
  const halvings = [...tensors.keys()].filter((name) => /^halve\d+\.weight$/.test(name)).length;
  const convolutions = [...tensors.keys()].filter((name) => /^model\.\d+\.weight$/.test(name)).length;
  return { channels, netD, ndf, layers: netD === 'unet' ? halvings + 1 : convolutions - 2, tensors, remarks };
}

/** Without what wraps and surrounds the parameters. */
function cleaned({ tensors, skipped }: ForeignWeights, source: string): Pick<Adopted, 'tensors' | 'remarks'> {
  const remarks: string[] = [];
  const isStatistic = (name: string) => STATISTICS.test(name);
  const statistics = [...tensors.keys(), ...skipped.keys()].filter(isStatistic);
  if (statistics.length > 0) {
    remarks.push(
      `${statistics.length} running statistics were left out, such as ${quoted(statistics[0] ?? '')}: each image has its own.`,
    );
  }
  for (const [name, what] of skipped) {
    if (!isStatistic(name)) remarks.push(`${quoted(name)} was left out: it is ${what}, not a float.`);
  }
  const kept = [...tensors].filter(([name]) => !isStatistic(name));
  // As DataParallel names them.
  const isWrapped = kept.every(([name]) => name.startsWith('module.'));
  const named: Tensors = new Map(
    kept.map(([name, tensor]) => [isWrapped ? name.slice('module.'.length) : name, tensor]),
  );
  const norm = [...named].find(([name, { shape }]) => name.endsWith('.weight') && shape.length === 1);
  if (!norm) return { tensors: named, remarks };
  throw new CyclopsError(
    `${source} has a norm with weights, ${quoted(norm[0])}, and the instance norms here have none. Give a network that was trained with ` +
      '--norm instance.',
  );
}

/** Outputs and inputs of a first convolution. @throws CyclopsError where there is none of this size */
function shapeOf(
  tensors: Tensors,
  name: string,
  size: readonly number[],
  otherwise: string,
): [outputs: number, inputs: number] {
  const shape = tensors.get(name)?.shape ?? [];
  const [outputs, inputs, ...kernel] = shape;
  if (outputs !== undefined && inputs !== undefined && kernel.join() === size.join()) return [outputs, inputs];
  const came = tensors.has(name) ? `it has the shape [${shape}]` : 'there is none';
  const first = [...tensors.keys()].slice(0, 3).map(quoted).join(', ');
  throw new CyclopsError(
    `${otherwise}: ${quoted(name)} of the shape [outputs, inputs, ${size.join(', ')}] was expected, and ${came}. It holds ` +
      `${first === '' ? 'nothing' : first}. ${SAVE}`,
  );
}
