import { dirname, resolve } from 'node:path';
import * as v from 'valibot';
import { CONFIG_FIELDS, optionName, parseConfig } from '../cyclegan/config.ts';
import { PRESET_NAMES, preset } from '../cyclegan/presets.ts';
import { brief, quoted } from '../data/files/brief.ts';
import { described, parseJson } from '../data/files/json.ts';
import { readForeignText } from '../data/files/read.ts';
import { repeatedKey } from '../data/files/repeated-key.ts';
import { byName, list, only, seed } from '../data/files/schema.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { path } from './common/options.ts';
import { type ConfigOptions, DEFAULT_PRESET } from './runs/training-config.ts';

const sweepSchema = described(
  only({
    /** Data folders by the names of the sets; relative ones lie beside the file. */
    sets: byName(path),
    /** By the names of the variants: options of `train`, without the hyphens in front. */
    options: byName(byName(v.unknown())),
    seeds: list(seed),
  }),
  { holds: 'a sweep', remedy: 'It names sets, options and seeds: see docs/cluster.md.' },
);

/** One of the trainings of a sweep. */
export interface SweepRun {
  /** Of its folder and of its piece. */
  name: string;
  variant: string;
  set: string;
  seed: number;
  options: ConfigOptions;
}

/** What a sweep trains, in order: every variant on every set with every seed. */
export interface Sweep {
  /** Absolute paths of the data folders, by the names of the sets. */
  sets: Record<string, string>;
  runs: SweepRun[];
}

/** Of a variant or a set: it becomes a part of names of files. */
const NAME = /^[\w-]{1,60}$/;

/** @throws CyclopsError when the file cannot be read, holds no sweep, or an option cannot be */
export function readSweep(file: string): Sweep {
  const text = readForeignText(file);
  const { sets, options, seeds } = parseJson(text, sweepSchema, file);
  const repeated = repeatedKey(text);
  if (repeated !== null)
    throw new CyclopsError(`${file} has ${quoted(repeated)} twice in one object. Give each a name of its own.`);
  for (const [what, count] of Object.entries({
    sets: Object.keys(sets).length,
    options: Object.keys(options).length,
    seeds: seeds.length,
  })) {
    if (count === 0) throw new CyclopsError(`${file} names no ${what}. Name at least one.`);
  }
  const odd = [...Object.keys(sets), ...Object.keys(options)].find((name) => !NAME.test(name));
  if (odd !== undefined) {
    throw new CyclopsError(
      `${file} has the name ${quoted(odd)}, which becomes that of a file; expected letters, digits, hyphens and underscores, 60 at most.`,
    );
  }
  const twice = seeds.find((seed, i) => seeds.indexOf(seed) !== i);
  if (twice !== undefined) throw new CyclopsError(`${file} names the seed ${twice} twice. Name each once.`);
  const runs = Object.entries(options).flatMap(([variant, given]) => {
    const asked = optionsOf(given, `${file}, options.${variant}`);
    return Object.keys(sets).flatMap((set) =>
      seeds.map((seed) => {
        const config = { ...asked.config, seed };
        return { name: `${variant}.${set}.${seed}`, variant, set, seed, options: { ...asked, config } };
      }),
    );
  });
  const base = dirname(file);
  return {
    sets: Object.fromEntries(Object.entries(sets).map(([name, folder]) => [name, resolve(base, folder)])),
    runs,
  };
}

/** Options by the names that the command line has for them. */
function optionsOf(given: Record<string, unknown>, source: string): ConfigOptions {
  const { preset: named = DEFAULT_PRESET, ...others } = given;
  const chosen = PRESET_NAMES.find((name) => name === named);
  if (!chosen)
    throw new CyclopsError(`${source} has the preset ${brief(named)}; expected one of ${PRESET_NAMES.join(', ')}.`);
  const fields = Object.entries(others).map(([name, value]) => [fieldOf(name, source), value] as const);
  const config = parseConfig({ ...preset(chosen), ...Object.fromEntries(fields) }, source);
  // What is not given stays open, such as the range, which the training images decide.
  const asked = Object.entries(config).filter(([name]) => fields.some(([field]) => field === name));
  return { preset: chosen, config: Object.fromEntries(asked) };
}

function fieldOf(name: string, source: string): string {
  const open = CONFIG_FIELDS.filter((field) => field !== 'seed' && field !== 'preprocessing');
  const field = open.find((one) => optionName(one) === `--${name}`);
  if (field !== undefined) return field;
  const known = open.map((one) => optionName(one).slice(2)).join(', ');
  throw new CyclopsError(`${source} has ${quoted(name)}, which is none of the options that vary: preset, ${known}.`);
}
