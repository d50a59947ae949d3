import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  ADAM_GROUPS,
  CONFIG_FIELDS,
  GAN_MODES,
  NET_DS,
  optionName,
  PRECISIONS,
  SCHEDULES,
  type TrainingConfig,
} from '../cyclegan/config.ts';
import { PRESET_NAMES, type PresetName } from '../cyclegan/presets.ts';
import { PLANES, type Planes } from '../data/images/planes.ts';
import type { ValueRange } from '../data/images/value-range.ts';
import { DEFAULT_PRESET } from '../workflow/runs/training-config.ts';
import { toNumber } from './options.ts';

/** What the options of training say, with the fields of a TrainingConfig among them; what is absent is the preset's. */
export interface TrainingOptionValues {
  preset?: PresetName;
  netG?: number;
  [name: string]: unknown;
}

/** Numeric options: a field of the configuration, and what it means. */
const NUMBERS = {
  inputNc: 'image channels: 3, or 1 for grayscale',
  blocks: 'residual blocks of the generator',
  ngf: 'channels of the first generator layer',
  ndf: 'channels of the first discriminator layer',
  nLayersD: 'its layers of stride 2: it judges patches of 16 px with 1, 34 with 2, 70 with 3',
  loadSize:
    'side to which images are resized, and at which they are scored (up to 3 px of the border are cut for a multiple of 4)',
  cropSize: 'side of the random square that a step sees; a multiple of 4',
  batchSize: 'images of each domain in a step',
  nEpochs: 'epochs at the full learning rate',
  nEpochsDecay: 'epochs in which it falls to zero',
  steps: 'end after so many steps instead',
  lr: 'learning rate of Adam',
  lrD: 'that of the discriminators, where it is another',
  beta1: 'decay rate of its first moment',
  beta2: 'decay rate of its second moment',
  lambdaA: 'weight of the cycle loss abnormal → normal → abnormal',
  lambdaB: 'weight of the cycle loss normal → abnormal → normal',
  lambdaIdentity: 'weight of the identity losses, relative to those; 0 saves their time',
  lambdaPaired:
    'weight of the difference between made defects as repaired by the generator and the normal images they were made of; 0 = off',
  ema: 'decay of a moving average of all weights, which scores then use, e.g. 0.999; 0 = off',
  poolSize: 'generated images kept for each discriminator; 0 = off',
  domainCrops:
    'further crops of each domain in a step, from which the discriminators learn to tell the domains apart; 0 = none',
  transplants:
    'images to make of each normal one, for these crops, by laying the masked defect of an abnormal image on it; 0 = none',
  damage: 'the same with procedural damage: scratches, stains, patches; 0 = none',
  shrink:
    'show images to half of these crops at this share of their size, e.g. 0.5, so that defects of other sizes are known; 1 = off',
  warmUp:
    'steps in which a segmenter (--netD unet) first learns from damage on grounds that are made, so that it knows damage on any ground; 0 = off',
  seed: 'seed of the split, the first weights and every random choice',
  checkpointInterval: 'steps between checkpoints',
  sampleInterval: 'steps between sample pictures; 0 = none',
} satisfies Partial<Record<keyof TrainingConfig, string>>;

/** Adds the options of training, under the names that users of the reference CycleGAN know. */
export function addTrainingOptions(command: Command): Command {
  command.addOption(
    new Option('--preset <name>', `the values of all options that are not given (default: ${DEFAULT_PRESET})`).choices(
      PRESET_NAMES,
    ),
  );
  for (const [name, meaning] of Object.entries(NUMBERS)) {
    command.option(`${optionName(name)} <number>`, meaning, toNumber);
  }
  return command
    .addOption(
      new Option('--netG <name>', 'resnet_9blocks, resnet_6blocks, …: the same as --blocks').argParser(toBlocks),
    )
    .addOption(new Option('--schedule <name>', 'how the learning rate falls').choices(SCHEDULES))
    .addOption(
      new Option(
        '--netD <name>',
        'the discriminators: patch, the PatchGAN, or unet, which judges every pixel too and learns from masks',
      ).choices(NET_DS),
    )
    .addOption(new Option('--gan-mode <name>', 'adversarial loss').choices(GAN_MODES))
    .addOption(new Option('--adam <groups>', 'one Adam for both discriminators, or one per D').choices(ADAM_GROUPS))
    .addOption(
      new Option(
        '--precision <name>',
        'f32; or mixed: images, activations, their gradients and the weights they meet in f16; or split: f32, whose convolutions multiply by three products of f16 on matrix hardware',
      ).choices(PRECISIONS),
    )
    .option('--flip', 'random horizontal flips')
    .option('--no-flip', 'no random horizontal flips')
    .option('--flip-vertical', 'random vertical flips, for pictures with a grain, which turns would break')
    .option('--no-flip-vertical', 'no random vertical flips')
    .option('--rotate', 'random quarter turns')
    .option('--no-rotate', 'no random quarter turns')
    .option('--crop-defects', 'crops of abnormal images with a mask hold some of what it marks')
    .option('--no-crop-defects', 'crops of abnormal images lie anywhere')
    .option(
      '--defects-by-size',
      'pixels of small defects count more for --netD unet, by one over the root of their number in a crop',
    )
    .option('--no-defects-by-size', 'pixels of all defects count the same')
    .option(
      '--judge-crops',
      '--netD unet judges pixels in overlapping crops too, of the side of those that it learned from, and the mean of both counts',
    )
    .option('--no-judge-crops', 'it judges pixels of whole images alone')
    .option(
      '--local-contrast',
      'even out light and contrast of every image first, for pictures that are lit differently',
    )
    .option('--no-local-contrast', 'take images as they are')
    .addOption(
      new Option(
        '--planes <names>',
        'show networks a gray image as three of these: near, wide and whole, evened out over near or wide surroundings or over the whole image, ' +
          'for defects both small and wide; mirror, less its mirror image, for what is nearly symmetric. Colours become gray. none: as it is',
      ).argParser(toPlanes),
    )
    .addOption(
      new Option(
        '--range <values>',
        'which values of a file are black and white: full, all that its bits can hold; min,max; auto, full for 8 bits, for more from the ' +
          'least to the greatest of the training part (default: auto)',
      ).argParser(toRange),
    );
}

/** The fields of the configuration that the options give. */
export function fieldsFrom({ netG, ...values }: TrainingOptionValues): Partial<TrainingConfig> {
  const fields = Object.entries(values).filter(([name, value]) => CONFIG_FIELDS.includes(name) && value !== 'auto');
  const given = fields.map(([name, value]) => [name, value === 'none' ? null : value] as const);
  return { ...(netG === undefined ? {} : { blocks: netG }), ...Object.fromEntries(given) };
}

function toRange(text: string): ValueRange | 'auto' {
  if (text === 'auto' || text === 'full') return text;
  const [min, max, ...rest] = text.split(',').map((number) => (number.trim() === '' ? Number.NaN : Number(number)));
  if (min !== undefined && max !== undefined && rest.length === 0 && min < max) return { min, max };
  throw new InvalidArgumentError('Expected auto, full, or two numbers such as 0,4095.');
}

function toPlanes(text: string): Planes | 'none' {
  if (text === 'none') return text;
  const [first, second, third, ...rest] = text.split(',').map((name) => PLANES.find((plane) => plane === name.trim()));
  if (first && second && third && rest.length === 0) return [first, second, third];
  throw new InvalidArgumentError(`Expected none, or three of ${PLANES.join(', ')}, such as near,wide,whole.`);
}

function toBlocks(text: string): number {
  const blocks = /^resnet_(\d+)blocks$/.exec(text)?.[1];
  if (blocks) return Number(blocks);
  throw new InvalidArgumentError('Expected resnet_9blocks, resnet_6blocks or another number of blocks.');
}
