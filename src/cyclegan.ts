/**
 * Cycle-GANs on the engine: the networks, the model with its training step, and what a training run is made of. Two domains of images
 * learn to be translated into each other without pairs; here A are abnormal images and B normal ones. Nothing here reads or
 * writes a file.
 *
 * Source: Zhu et al., "Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks", ICCV 2017.
 *
 * @packageDocumentation
 */

// The model: four networks, their optimisers, and one step of training.

export {
  CycleGAN,
  type CycleGANOptions,
  type FurtherImages,
} from './cyclegan/model.ts';
export { modelOptions } from './cyclegan/model-options.ts';
export type { Domains, LabelledDomains } from './cyclegan/segmentation-loss.ts';
export type { MovingAverage } from './optim/moving-average.ts';

// The networks: the four of a Cycle-GAN, or each alone.

export { type Architecture, countParameters, makeNetworks, type Networks } from './cyclegan/network-set.ts';
export {
  type Discriminator,
  type DiscriminatorOptions,
  type FeatureNetwork,
  type Field,
  type Generator,
  type GeneratorOptions,
  type Initialisation,
  type PatchDiscriminatorOptions,
  patchDiscriminator,
  type ResnetGeneratorOptions,
  resnetGenerator,
} from './cyclegan/networks.ts';

export { pixelDiscriminator } from './cyclegan/pixel-discriminator.ts';
export { type UnetGeneratorOptions, unetGenerator } from './cyclegan/unet-generator.ts';
export type { NormName } from './layers/norms.ts';

// The losses, by the reference's names.

export {
  type DiscriminatorTarget,
  ganLoss,
  LOSS_NAMES,
  type Losses,
  type LossName,
} from './cyclegan/losses.ts';

// The pool of generated images that discriminators see, and random numbers for it.

export { ImagePool, type PoolState, type UniformSource } from './cyclegan/pool.ts';
export { RandomStream } from './tensor/random.ts';

// What decides a training run: its configuration, presets of it, and the learning rate of each epoch.

export {
  ADAM_GROUPS,
  GAN_MODES,
  type GanMode,
  PRECISIONS,
  type Precision,
  parseConfig,
  SCHEDULES,
  type TrainingConfig,
} from './cyclegan/config.ts';
export { learningRate, type TrainingLength, trainingLength } from './cyclegan/learning-rate.ts';
export { PRESET_NAMES, type PresetName, preset } from './cyclegan/presets.ts';
export { paperFactor, referenceFactor } from './optim/schedule.ts';
