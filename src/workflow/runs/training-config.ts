import { CONFIG_FIELDS, optionName, PREPROCESSING, parseConfig, type TrainingConfig } from '../../cyclegan/config.ts';
import { trainingLength } from '../../cyclegan/learning-rate.ts';
import type { NetworkName } from '../../cyclegan/network-names.ts';
import { type PresetName, preset } from '../../cyclegan/presets.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { UsageError } from '../common/usage-error.ts';
import type { ModelWeights } from '../common/weights.ts';

/** The preset of a training for which none is named: half an hour on two cores. */
export const DEFAULT_PRESET: PresetName = 'quick';

/** What a training is asked to do. */
export interface ConfigOptions {
  /** Where the configuration begins: {@link DEFAULT_PRESET} unless it is given. */
  preset?: PresetName | undefined;
  /** What is other than in the preset. */
  config?: Partial<TrainingConfig> | undefined;
}

/** The configuration of a new run. @throws UsageError naming a field that cannot be */
export function configOf({ preset: name = DEFAULT_PRESET, config = {} }: ConfigOptions): TrainingConfig {
  return parseOptions({ ...preset(name), ...config });
}

/** Fields that decide the shapes of these networks. */
const SHAPES: readonly { networks: readonly NetworkName[]; fields: readonly (keyof TrainingConfig)[] }[] = [
  { networks: ['G_A', 'G_B', 'D_A', 'D_B'], fields: ['inputNc'] },
  { networks: ['G_A', 'G_B'], fields: ['ngf', 'blocks'] },
  { networks: ['D_A', 'D_B'], fields: ['ndf', 'nLayersD'] },
  { networks: ['D_A'], fields: ['netD'] },
];

/**
 * The configuration of a new run that begins with the weights of a model: the model's, but for what the options say.
 *
 * @throws UsageError naming a field that cannot be, or that these weights do not fit
 */
export function configFrom({ preset: name, config = {} }: ConfigOptions, model: ModelWeights): TrainingConfig {
  if (name !== undefined) {
    throw new UsageError(
      `--preset ${name} gives every option of a new training, and --from those that ${model.source} was trained with. Leave one of them out.`,
    );
  }
  // Images are read as this version reads them.
  const asked = parseOptions({ ...model.config, preprocessing: PREPROCESSING, ...config });
  for (const { networks, fields } of SHAPES) {
    const present = networks.filter((network) => !model.absent.includes(network));
    for (const field of present.length > 0 ? fields : []) {
      if (asked[field] === model.config[field]) continue;
      throw new UsageError(
        `${optionName(field)} ${asked[field]} does not fit the weights of ${present.join(' and ')} in ${model.source}, which have ` +
          `${model.config[field]}. Leave it out, or train without --from.`,
      );
    }
  }
  return asked;
}

/** @throws UsageError naming a field that cannot be */
function parseOptions(options: TrainingConfig): TrainingConfig {
  try {
    return parseConfig(options, 'the options');
  } catch (error) {
    if (error instanceof CyclopsError) throw new UsageError(error.message);
    throw error;
  }
}

/**
 * The configuration of a run that is resumed, with more steps where they are asked for.
 *
 * @param stepsPerEpoch of the run
 * @throws UsageError unless they are more than the run has
 */
export function lengthened(
  begun: TrainingConfig,
  stepsPerEpoch: number,
  steps: number | null | undefined,
): TrainingConfig {
  const before = trainingLength(begun, stepsPerEpoch).steps;
  if (steps === undefined || steps === null || steps === before) return begun;
  if (steps > before) return parseOptions({ ...begun, steps });
  throw new UsageError(
    `--steps ${steps} is less than the ${before} that the run has. A resumed run may become longer, not shorter: give more, or leave --steps out.`,
  );
}

/**
 * Refuses options that say other than the run that is resumed: to continue with the same bits, it must keep its own.
 *
 * @throws UsageError naming the first option that differs
 */
export function requireSameConfig(options: ConfigOptions, begun: TrainingConfig): void {
  const asked: Partial<TrainingConfig> = options.preset === undefined ? (options.config ?? {}) : configOf(options);
  const before = new Map<string, unknown>(Object.entries(begun));
  for (const [name, value] of Object.entries(asked)) {
    if (!CONFIG_FIELDS.includes(name) || JSON.stringify(value) === JSON.stringify(before.get(name))) continue;
    // Presets change from version to version.
    const [what, remedy] = Object.hasOwn(options.config ?? {}, name)
      ? [`${optionName(name)} ${shown(value)}`, 'it']
      : [`The preset ${options.preset} means ${optionName(name)} ${shown(value)}, which`, '--preset'];
    throw new UsageError(
      `${what} differs from the ${shown(before.get(name))} that the run began with, and a resumed run keeps its options. ` +
        `Leave ${remedy} out, or begin a new run in another folder.`,
    );
  }
}

/**
 * Refuses to go on with a training of other options, as where the run of another job lies in the place of a piece of this one.
 *
 * @param run its folder @param open fields that the training decides for itself
 * @throws CyclopsError naming the first option that differs
 */
export function requireContinuation(
  run: string,
  begun: TrainingConfig,
  asked: TrainingConfig,
  open: readonly (keyof TrainingConfig)[] = [],
): void {
  const differs = (name: keyof TrainingConfig) => JSON.stringify(begun[name]) !== JSON.stringify(asked[name]);
  const fields = Object.keys(asked) as (keyof TrainingConfig)[];
  const other = fields.find((name) => !open.includes(name) && differs(name));
  if (other === undefined) return;
  throw new CyclopsError(
    `${run} holds a training with ${optionName(other)} ${shown(begun[other])}, and ${shown(asked[other])} is asked for: it belongs to something else. ` +
      'Move it away, and it is trained anew here, or give another --out.',
  );
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join(',') : `${value}`;
}
