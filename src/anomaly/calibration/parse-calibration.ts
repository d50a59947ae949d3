import { CyclopsError } from '../../gpu/errors.ts';
import { STATISTIC_NAMES } from '../scores/image-statistics.ts';
import type { Baseline } from './baseline.ts';
import {
  CALIBRATION_SOURCES,
  type Calibration,
  type Choice,
  type ChosenThreshold,
  parseRule,
  RULES,
} from './calibration.ts';
import type { Combination } from './combination.ts';
import type { HeatmapCalibration } from './heatmap-scale.ts';

const CHOOSER_NAMES = Object.keys(CALIBRATION_SOURCES).join(', ');

/** Reads back a calibration stored as JSON; `source` is the file named in the CyclopsError if it is not usable. */
export function parseCalibration(json: unknown, source: string): Calibration {
  const fail = (what: string): never => {
    throw new CyclopsError(
      `${source} does not hold the calibration of a trained model: ${what}. ` +
        "Restore the file from the run, or write a new one with 'cyclops calibrate'.",
    );
  };
  const object = (value: unknown, path: string): Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value))
      : fail(`${path} should be an object`);
  const number = (value: unknown, path: string): number =>
    typeof value === 'number' && Number.isFinite(value) ? value : fail(`${path} should be a number`);
  const threshold = (json: unknown, path: string): ChosenThreshold => {
    const { value: stored, rule, chosenOn } = object(json, path);
    const value = number(stored, `${path}.value`);
    if (rule === 'given' && chosenOn === 'user') return { value, rule, chosenOn };
    const known = parseRule(rule);
    if (known && isChooser(chosenOn)) return { value, rule: known, chosenOn };
    return fail(`${path} should have a rule (${RULES}) and chosenOn ${CHOOSER_NAMES}, or be given by the user`);
  };

  const root = object(json, 'the content');
  const byClass = (json: unknown, path: string) => {
    const { normal, abnormal } = object(json, path);
    return { normal: number(normal, `${path}.normal`), abnormal: number(abnormal, `${path}.abnormal`) };
  };
  const counts = byClass(root.counts, 'counts');
  const scores = Object.fromEntries(
    Object.entries(object(root.scores, 'scores')).map(([name, entry]) => {
      const score = object(entry, `scores.${name}`);
      return [
        name,
        {
          auroc: number(score.auroc, `scores.${name}.auroc`),
          threshold: threshold(score.threshold, `scores.${name}.threshold`),
        },
      ];
    }),
  );
  const combination = (json: unknown): Combination => {
    const stored = object(json, 'combination');
    const byName = (part: 'weights' | 'means' | 'sds') => {
      const path = `combination.${part}`;
      const values = Object.entries(object(stored[part], path));
      return Object.fromEntries(values.map(([name, value]) => [name, number(value, `${path}.${name}`)]));
    };
    const bias = number(stored.bias, 'combination.bias');
    return { weights: byName('weights'), bias, means: byName('means'), sds: byName('sds') };
  };
  const baseline = (json: unknown): Baseline => {
    const { statistic, abnormalHas, auroc } = object(json, 'baseline');
    const known = STATISTIC_NAMES.find((name) => name === statistic);
    if (!known || (abnormalHas !== 'more' && abnormalHas !== 'less')) {
      return fail('baseline should name a statistic, and whether abnormal images have "more" or "less" of it');
    }
    return { statistic: known, abnormalHas, auroc: number(auroc, 'baseline.auroc') };
  };
  const heatmap = (json: unknown): HeatmapCalibration => {
    const { threshold, images } = object(json, 'heatmap');
    return { threshold: number(threshold, 'heatmap.threshold'), images: number(images, 'heatmap.images') };
  };
  const { chosen, chosenOn = 'train', dataHash = null, combination: combined = null, baseline: simple = null } = root;
  if (typeof chosen !== 'string' || !Object.hasOwn(scores, chosen)) return fail('chosen should name one of its scores');
  if (!isChooser(chosenOn)) return fail(`chosenOn should be ${CHOOSER_NAMES}`);
  if (dataHash !== null && typeof dataHash !== 'string') return fail('dataHash should be a text');
  return {
    // What a run from before there was a choice has not written, it had no choice about.
    rule: parseRule(root.rule ?? 'zfn') ?? fail(`rule should be one of ${RULES}`),
    chosenOn,
    dataHash,
    chosen,
    counts,
    // Images were taken for objects before these were counted.
    objects: root.objects === undefined ? counts : byClass(root.objects, 'objects'),
    scores,
    combination: combined === null ? null : combination(combined),
    baseline: simple === null ? null : baseline(simple),
    ...(root.normalChange !== undefined && { normalChange: number(root.normalChange, 'normalChange') }),
    ...(root.heatmap !== undefined && { heatmap: heatmap(root.heatmap) }),
  };
}

function isChooser(name: unknown): name is Choice['chosenOn'] {
  return typeof name === 'string' && Object.hasOwn(CALIBRATION_SOURCES, name);
}
