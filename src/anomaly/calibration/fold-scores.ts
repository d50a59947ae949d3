import { parseConfig, type TrainingConfig } from '../../cyclegan/config.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import type { Label } from '../../data/datasets/dataset.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { entriesOf, readJsonObject } from '../../data/files/json-file.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { type ImageStatistics, parseStatistics } from '../scores/image-statistics.ts';

/** A training image, its fold from 1, and what networks that were trained without that fold find in it; absent until they have. */
export interface FoldImage {
  file: string;
  label: Label;
  group?: string;
  fold: number;
  scores?: Record<string, number>;
  /** There where scores are. */
  statistics?: ImageStatistics;
  /** Of normal images: what G_a2n changes of them, as in a scored image; absent where an earlier version scored them. */
  change?: number;
}

/** What a cross-calibration began with, and how far it has come. */
export interface FoldScores {
  folds: number;
  /** Of the training images and their labels. */
  hash: string;
  config: TrainingConfig;
  images: FoldImage[];
}

/** Keeps fold scores in their run. @throws CyclopsError when the file cannot be written */
export function writeFoldScores(run: RunFolder, scores: FoldScores): void {
  writeFileAtomic(run.foldScores, `${JSON.stringify(scores, null, 2)}\n`);
}

/** Reads them back. @throws CyclopsError when the file is missing or damaged */
export function readFoldScores({ foldScores: path }: RunFolder): FoldScores {
  const entries = readJsonObject(path);
  const [folds, hash, list] = [entries.get('folds'), entries.get('hash'), entries.get('images')];
  const images = Array.isArray(list) ? list.map(foldImage) : [undefined];
  if (typeof folds === 'number' && typeof hash === 'string' && images.every((image) => image !== undefined)) {
    const config = parseConfig(Object.fromEntries(entriesOf(entries.get('config')) ?? []), path);
    return { folds, hash, config, images };
  }
  throw new CyclopsError(
    `${path} does not hold the scores of a cross-calibration: expected folds, hash, config and images with file, label, fold and ` +
      'perhaps scores. It is damaged; restore it or train again.',
  );
}

function foldImage(value: unknown): FoldImage | undefined {
  const entries = entriesOf(value);
  const [file, label, group, fold] = ['file', 'label', 'group', 'fold'].map((name) => entries?.get(name));
  if (typeof file !== 'string' || typeof fold !== 'number') return undefined;
  if (label !== 'normal' && label !== 'abnormal') return undefined;
  if (group !== undefined && typeof group !== 'string') return undefined;
  const image: FoldImage = { file, label, fold, ...(group !== undefined && { group }) };
  if (!entries?.has('scores')) return image;
  const scores = [...(entriesOf(entries.get('scores')) ?? [])];
  const numbers = scores.flatMap(([name, score]) => (typeof score === 'number' ? [[name, score] as const] : []));
  const statistics = parseStatistics(entries.get('statistics'));
  if (numbers.length < scores.length || !statistics) return undefined;
  const change = entries.get('change');
  if (change !== undefined && typeof change !== 'number') return undefined;
  return { ...image, scores: Object.fromEntries(numbers), statistics, ...(change !== undefined && { change }) };
}
