import { CONFIG_FIELDS, optionName, parseConfig, type TrainingConfig } from '../../cyclegan/config.ts';
import { type PresetName, preset } from '../../cyclegan/presets.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { UsageError } from '../common/usage-error.ts';

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
  try {
    return parseConfig({ ...preset(name), ...config }, 'the options');
  } catch (error) {
    if (error instanceof CyclopsError) throw new UsageError(error.message);
    throw error;
  }
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
    throw new UsageError(
      `${optionName(name)} ${shown(value)} differs from the ${shown(before.get(name))} that the run began with, and a resumed run keeps ` +
        'its options. Leave it out, or begin a new run in another folder.',
    );
  }
}

function shown(value: unknown): string {
  return typeof value === 'object' && value !== null ? Object.values(value).join(',') : `${value}`;
}
