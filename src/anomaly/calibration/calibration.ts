import * as v from 'valibot';
import { LABELS, type Label } from '../../data/datasets/dataset.ts';
import { checkJson, described } from '../../data/files/json.ts';
import { byName, finite, object, text, whole } from '../../data/files/schema.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { mapNamed } from '../maps/list.ts';
import { scoreNamed } from '../scores/list.ts';
import { AVERAGE, type Average, averageSchema } from './average.ts';
import { type Baseline, baselineSchema } from './baseline.ts';
import { type Combination, combinationSchema } from './combination.ts';
import { calibratedMaps, type HeatmapCalibration, heatmapSchema, withMap } from './heatmap-scale.ts';
import { type Likeness, likenessSchema } from './likeness.ts';
import { isWithin, type TradeOff, tradeOffSchema } from './trade-off.ts';

/** The images that may choose score and thresholds, and what a person should know of such a choice. */
export const CALIBRATION_SOURCES = {
  /** Of a run that has nothing else. */
  train: {
    images: 'the training part',
    caveat: 'The networks were trained on these images, so the threshold need not hold on new ones.',
  },
  calibration: { images: 'the calibration part', caveat: null },
  folds: {
    images: 'the training part by cross-calibration',
    caveat:
      'Each of these images was scored by networks that were trained without it. New images are scored by networks that were trained in the ' +
      'same way on all of them, so for new images the threshold, and what zero misses promise, hold only approximately.',
  },
  damage: {
    images: 'the calibration part with damaged copies of its normal images',
    caveat:
      'No abnormal image was there: scratches, stains and patches on normal images stood for defects. How well real defects are found is ' +
      'not known, and a threshold from abnormal images, as soon as there are some, will be better.',
  },
} as const;

export const NAMED_RULES = ['zfn', 'max-f1', 'max-accuracy'] as const;

/**
 * How a threshold is chosen. zfn (zero false negatives): the highest that misses no abnormal image. zfn+s: the same, or for safety
 * lower, as far as it flags no more than that share of the normal images. recall=r: the highest that flags at least that share of the abnormal
 * images. max-f1, max-accuracy: the one with the best F1 or accuracy. Every threshold lies halfway between two scores.
 */
export type Rule = (typeof NAMED_RULES)[number] | `zfn+${number}` | `recall=${number}`;

/** Where nobody said how: for a defect less that is missed some normal images may be looked at once more (bench/NOTES.md). */
export const DEFAULT_RULE: Rule = 'zfn+0.1';

/** What users may write, for messages. */
export const RULES = [DEFAULT_RULE, ...NAMED_RULES, 'recall=0.99'].join(', ');

/** The rule that a text names; undefined for none. */
export function parseRule(text: unknown): Rule | undefined {
  const named = NAMED_RULES.find((rule) => rule === text);
  if (named || typeof text !== 'string') return named;
  const recall = recallIn(text);
  if (recall > 0 && recall <= 1) return `recall=${recall}`;
  const spare = spareIn(text);
  return spare > 0 && spare < 1 ? `zfn+${spare}` : undefined;
}

/** The share of abnormal images that a rule `recall=…` asks for; NaN for another text. */
export function recallIn(rule: string): number {
  return Number(/^recall=(.+)$/.exec(rule)?.[1] ?? Number.NaN);
}

/** The share of normal images that a rule `zfn+…` may flag to be safer; 0 for zfn itself, NaN for another rule. */
export function spareIn(rule: string): number {
  return rule === 'zfn' ? 0 : Number(/^zfn\+([\d.].*)$/.exec(rule)?.[1] ?? Number.NaN);
}

/** Whether a rule misses none of the abnormal images that it is applied to. */
export function missesNone(rule: string): boolean {
  return !Number.isNaN(spareIn(rule));
}

export type CalibrationSource = keyof typeof CALIBRATION_SOURCES;

const sourceNames = Object.keys(CALIBRATION_SOURCES).join(', ');
const calibrationSource = v.custom<CalibrationSource>(
  (name) => typeof name === 'string' && Object.hasOwn(CALIBRATION_SOURCES, name),
  `one of ${sourceNames}`,
);
const rule = v.custom<Rule>((text) => parseRule(text) !== undefined, `one of ${RULES}`);
const byClass = object(v.entriesFromList(LABELS, whole()));

const thresholdSchema = v.variant(
  'chosenOn',
  [
    object({ value: finite(), rule, chosenOn: calibrationSource }),
    object({ value: finite(), rule: v.literal('given', 'given'), chosenOn: v.literal('user') }),
  ],
  `one of ${sourceNames}, user`,
);

/**
 * A threshold and where it comes from: a rule and the images that it was applied to, or the user. An image is flagged when score ≥ value.
 */
export type ChosenThreshold = StoredThreshold | { value: number; rule: Rule; chosenOn: 'test' };

export type StoredThreshold =
  | { value: number; rule: Rule; chosenOn: CalibrationSource }
  | { value: number; rule: 'given'; chosenOn: 'user' };

/** Which images chose, and how. */
export interface Choice {
  rule: Rule;
  chosenOn: CalibrationSource;
  /** Hash of the images of the run; null in runs from before it was kept. */
  dataHash: string | null;
}

/** What calibration fixes and stores with the model: the score that decides, and a threshold for each score. */
export interface Calibration extends Choice {
  /** Name of the score that decides which images are flagged; see `chooseThresholds`. */
  chosen: string;
  counts: Record<Label, number>;
  /** How many objects these images show. */
  objects: Record<Label, number>;
  scores: Record<string, { auroc: number; threshold: StoredThreshold }>;
  /**
   * One more score, made of the scores above; its AUROC and threshold come from images that it was not fitted on. Null where there is none.
   */
  combination: Combination | null;
  /**
   * One more, the mean of the leading score, of those that these images cannot tell from it, and of the combination; absent where there is
   * nothing to average, and in calibrations from before it was tried.
   */
  average?: Average;
  /** Of the score that decides; absent in calibrations from before it was kept. */
  tradeOff?: TradeOff;
  /** What tells the images apart without a network; null in calibrations from before it was looked for. */
  baseline: Baseline | null;
  /** The share of a normal image that G_a2n changes, the median over those that chose; absent in runs from before it was measured. */
  normalChange?: number;
  /** What the images that chose look like; absent in calibrations from before it was noted. */
  likeness?: Likeness;
  /** Absent in runs from before heat maps were calibrated on normal images. */
  heatmap?: HeatmapCalibration;
  /** For how many steps the weights that scored were trained; absent in calibrations from before it was noted. */
  step?: number;
}

/**
 * A field with a default is younger than the first runs, and the default is what they did. Before objects were counted, each image was
 * taken for one.
 *
 * @internal
 */
export const calibrationSchema = described(
  v.pipe(
    object({
      rule: v.optional(rule, 'zfn'),
      chosenOn: v.optional(calibrationSource, 'train'),
      dataHash: v.optional(v.nullable(text), null),
      chosen: text,
      counts: byClass,
      objects: v.optional(byClass),
      scores: byName(object({ auroc: finite(0, 1), threshold: thresholdSchema })),
      combination: v.optional(v.nullable(combinationSchema), null),
      average: v.exactOptional(averageSchema),
      tradeOff: v.exactOptional(tradeOffSchema),
      baseline: v.optional(v.nullable(baselineSchema), null),
      normalChange: v.exactOptional(finite(0)),
      likeness: v.exactOptional(likenessSchema),
      heatmap: v.exactOptional(heatmapSchema),
      step: v.exactOptional(whole()),
    }),
    v.forward(
      v.check(({ chosen, scores }) => Object.hasOwn(scores, chosen), 'the name of one of its scores'),
      ['chosen'],
    ),
    v.forward(
      v.check(
        ({ counts, objects }) => !objects || LABELS.every((label) => objects[label] <= counts[label]),
        'no more objects than images',
      ),
      ['objects'],
    ),
    v.forward(
      v.check(({ counts, tradeOff }) => !tradeOff || isWithin(tradeOff, counts), 'no more mistakes than images'),
      ['tradeOff'],
    ),
    v.transform(({ objects, ...calibration }) => ({ ...calibration, objects: objects ?? calibration.counts })),
  ) satisfies v.GenericSchema<unknown, Calibration>,
  {
    holds: 'the calibration of a trained model',
    remedy: "Restore the file from the run, or write a new one with 'cyclops calibrate'.",
  },
);

/** The score that decides, and of an average the one that leads it. */
export function leadingOf({ chosen, average }: Pick<Calibration, 'chosen' | 'average'>): string {
  return (chosen === AVERAGE.name && average?.scores[0]) || chosen;
}

/** Reads back a calibration stored as JSON. @param source for messages, such as a path @throws CyclopsError if it is not usable */
export function parseCalibration(json: unknown, source: string): Calibration {
  return checkJson(json, calibrationSchema, source);
}

/** The same calibration with the user's threshold for the score that decides. */
export function withThreshold(calibration: Calibration, value: number | undefined): Calibration {
  const { chosen, scores } = calibration;
  const decisive = scores[chosen];
  if (value === undefined || !decisive) return calibration;
  return {
    ...calibration,
    scores: { ...scores, [chosen]: { ...decisive, threshold: { value, rule: 'given', chosenOn: 'user' } } },
  };
}

/**
 * The score by which images are judged, and the value from which on an image is flagged: the calibrated ones, unless others are wanted.
 *
 * @param wanted `by` by its short name or as map and pooling, such as `residual5.max`; one that was not calibrated needs a threshold
 * @param source what the calibration was read from @throws CyclopsError for a score that it does not have
 */
export function decisionOf(
  calibration: Calibration,
  wanted: { by?: string | undefined; threshold?: number | undefined },
  source: string,
): { by: string; threshold: number } {
  const decision = decide(calibration, wanted);
  if (decision) return decision;
  throw new CyclopsError(unknownScore(calibration, wanted.by ?? calibration.chosen, source));
}

/** The same; null for a score that the calibration does not have. */
export function decide(
  { chosen, scores }: Calibration,
  { by: asked = chosen, threshold }: { by?: string | undefined; threshold?: number | undefined },
): { by: string; threshold: number } | null {
  const known = scoreNamed(asked)?.info.name;
  const by = Object.hasOwn(scores, asked) ? asked : known;
  if (by === undefined) return null;
  const calibrated = Object.hasOwn(scores, by) ? scores[by]?.threshold.value : undefined;
  const value = threshold ?? calibrated;
  return value === undefined ? null : { by, threshold: value };
}

/** What to say of a score that a calibration does not have. */
export function unknownScore({ scores }: Pick<Calibration, 'scores'>, name: string, source: string): string {
  const expected = `expected ${Object.keys(scores).join(', ')}`;
  return scoreNamed(name)
    ? `There is no threshold of the score '${name}' in ${source}; ${expected}, or a threshold of your own.`
    : `There is no score '${name}' in ${source}; ${expected}.`;
}

/**
 * The heat map of a model and what is hot in it.
 *
 * @param map the one that is wanted instead of the calibrated one
 * @param source what the calibration was read from
 * @throws CyclopsError for one from before heat maps were calibrated, and for a map that it knows nothing of
 */
export function requireHeatmap({ heatmap, chosenOn }: Calibration, source: string, map?: string): HeatmapCalibration {
  if (!heatmap) {
    throw new CyclopsError(
      `${source} is from before heat maps were calibrated on normal images. Run 'cyclops calibrate' on the run once.`,
    );
  }
  const own = map === undefined ? heatmap : withMap(heatmap, map);
  if (own) return own;
  throw new CyclopsError(unknownMap(heatmap, `${map}`, { source, chosenOn }));
}

/** What to say of a map that was not calibrated. */
function unknownMap(
  heatmap: HeatmapCalibration,
  map: string,
  { source, chosenOn }: { source: string } & Pick<Calibration, 'chosenOn'>,
): string {
  // Folds have left figures of those maps, and of no others.
  const remedy = mapNamed(map) && chosenOn !== 'folds' ? ` 'cyclops calibrate RUN --map ${map}' calibrates it.` : '';
  return `There is no heat map '${map}' in ${source}; expected ${calibratedMaps(heatmap).join(', ')}.${remedy}`;
}
