/** The training step that bench measures. */
import { type Command, Option } from 'commander';
import { PRECISIONS, type Precision } from '../../cyclegan/config.ts';
import { CycleGAN } from '../../cyclegan/model.ts';
import { SIDE_MULTIPLE } from '../../cyclegan/networks.ts';
import type { Device } from '../../gpu/device.ts';
import { cast } from '../../tensor/cast.ts';
import { RandomStream, randomUniform } from '../../tensor/random.ts';
import { keep, scope } from '../../tensor/scope.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { toNumber } from '../options.ts';

/** Sizes of a model and of what it is trained on. */
export interface Workload {
  /** Channels of the first layer, of the generators and of the discriminators. */
  ngf: number;
  /** Residual blocks of a generator. */
  blocks: number;
  /** Side of the images in pixels. */
  size: number;
  batch: number;
  precision: Precision;
}

const CONFIGS = {
  small: { ngf: 32, blocks: 6, size: 64, batch: 1 },
  full: { ngf: 64, blocks: 9, size: 256, batch: 1 },
} as const satisfies Record<string, Omit<Workload, 'precision'>>;

export interface WorkloadOptions extends Partial<Workload> {
  config?: keyof typeof CONFIGS;
}

export function addWorkloadOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--config <name>',
        'the sizes that are not given: small (ngf 32, 6 blocks, 64 px) or full (ngf 64, 9 blocks, 256 px); default: small, on the null backend full',
      ).choices(Object.keys(CONFIGS)),
    )
    .option('--ngf <number>', 'channels of the first layer, in generators and discriminators', toNumber)
    .option('--blocks <number>', 'residual blocks of a generator', toNumber)
    .option('--size <number>', 'side of the images in pixels', toNumber)
    .option('--batch <number>', 'images of each domain in a step', toNumber)
    .addOption(
      new Option('--precision <name>', 'f32; or mixed: f16 where training may; or split: f32 by three products of f16')
        .choices(PRECISIONS)
        .default('f32'),
    );
}

/** @throws UsageError naming an option that cannot be */
export function workloadFrom(device: Device, options: WorkloadOptions): Workload {
  const { config = device.info.executes ? 'small' : 'full' } = options;
  const { ngf, blocks, size, batch, precision } = { ...CONFIGS[config], precision: 'f32' as const, ...options };
  const whole = (name: string, value: number, least: number, multiple = 1) => {
    if (Number.isInteger(value) && value >= least && value % multiple === 0) return;
    const expected = multiple > 1 ? `a multiple of ${multiple}` : 'a whole number';
    throw new UsageError(`--${name} ${value} cannot be measured; expected ${expected} from ${least}.`);
  };
  whole('ngf', ngf, 1);
  whole('blocks', blocks, 1);
  // Below that the discriminator's last map is empty.
  whole('size', size, 24, SIDE_MULTIPLE);
  whole('batch', batch, 1);
  return { ngf, blocks, size, batch, precision };
}

/** e.g. `ngf = ndf = 32, 6 blocks, 64 × 64 px, batch 1, f32`. */
export function workloadText({ ngf, blocks, size, batch, precision }: Workload): string {
  return `ngf = ndf = ${ngf}, ${blocks} blocks, ${size} × ${size} px, batch ${batch}, ${precision}`;
}

/** A model with fresh weights and a batch of random images of each domain. */
export interface Bench {
  readonly workload: Workload;
  readonly model: CycleGAN;
  readonly a: Tensor;
  readonly b: Tensor;
  step(): void;
  dispose(): void;
}

export function openBench(device: Device, workload: Workload): Bench {
  const { ngf, blocks, size, batch, precision } = workload;
  const sizes = { channels: 3, ngf, ndf: ngf, blocks, discriminatorLayers: 3, poolSize: 50 };
  const losses = { lambdaA: 10, lambdaB: 10, lambdaIdentity: 0.5, ganMode: 'lsgan' } as const;
  const adam = { lr: 2e-4, betas: [0.5, 0.999], discriminatorOptimisers: 'shared' } as const;
  const model = new CycleGAN(device, { ...sizes, ...losses, ...adam, precision, seed: 1 }, new RandomStream(1, 4));
  const images = (stream: number) => {
    const random = () => randomUniform(device, [batch, size, size, 3], { seed: 1, stream, low: -1, high: 1 });
    return keep(scope(() => cast(random(), model.dtype)));
  };
  const [a, b] = [images(5), images(6)];
  return {
    ...{ workload, model, a, b },
    step: () => model.step(a, b),
    dispose() {
      model.dispose();
      for (const tensor of [a, b]) tensor.dispose();
    },
  };
}
