import * as v from 'valibot';
import { parseConfig, type TrainingConfig } from '../../cyclegan/config.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { LABELS } from '../../data/datasets/dataset.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { described } from '../../data/files/json.ts';
import { readJson } from '../../data/files/json-file.ts';
import { byName, finite, list, object, oneOf, text, whole } from '../../data/files/schema.ts';
import { imageFormSchema } from '../scores/image-form.ts';
import { statisticsSchema } from '../scores/image-statistics.ts';

/** What networks found that were trained without an image. */
const foundFields = {
  scores: v.exactOptional(byName(finite())),
  /** There where scores are. */
  statistics: v.exactOptional(statisticsSchema),
  /** Likewise; absent where an earlier version scored them. */
  form: v.exactOptional(imageFormSchema),
  /** Of normal images: what G_a2n changes of them, as in a scored image; absent where an earlier version scored them. */
  change: v.exactOptional(finite(0)),
  /** Likewise: what maps say of them, by name. */
  heat: v.exactOptional(byName(object({ hottest: finite(), median: finite() }))),
};

const foldImageSchema = v.pipe(
  object({ file: text, label: oneOf(LABELS), group: v.exactOptional(text), fold: whole(1), ...foundFields }),
  v.forward(
    v.check(({ scores, statistics }) => !scores || statistics !== undefined, 'the statistics of an image with scores'),
    ['statistics'],
  ),
);

const meritSchema = object({
  masked: whole(),
  aupro: byName(finite(0, 1)),
  f1: v.exactOptional(byName(finite(0, 1))),
});

/** What the networks of one fold found in its images. */
export const foldResultSchema = object({
  images: list(object({ file: text, ...foundFields })),
  merits: list(meritSchema),
});

export type FoldResult = v.InferOutput<typeof foldResultSchema>;

const foldScoresSchema = described(
  v.pipe(
    object({
      folds: whole(2),
      /** What each fold trains: all networks, or the segmenter alone. */
      trains: v.optional(oneOf(['all', 'segmenter']), 'all'),
      /** Of the training images and their labels. */
      hash: text,
      /** A {@link TrainingConfig}. */
      config: v.unknown(),
      images: list(foldImageSchema),
      /** How well maps find defects in each fold that was scored; none where an earlier version scored them. */
      merits: v.optional(list(meritSchema), []),
    }),
    v.check(
      ({ folds, images }) => images.every(({ fold }) => fold <= folds),
      'folds that are numbered from 1 to folds',
    ),
  ),
  { holds: 'the scores of a cross-calibration', remedy: 'Restore the file, or train again.' },
);

/** What a cross-calibration began with, and how far it has come. */
export type FoldScores = Omit<v.InferOutput<typeof foldScoresSchema>, 'config'> & { config: TrainingConfig };

/** The scores with those of one fold more. */
export function withFold(scores: FoldScores, { images, merits }: FoldResult): FoldScores {
  const found = new Map(images.map(({ file, ...rest }) => [file, rest]));
  return {
    ...scores,
    images: scores.images.map((image) => ({ ...image, ...found.get(image.file) })),
    merits: [...scores.merits, ...merits],
  };
}

/** Keeps fold scores in their run. @throws CyclopsError when the file cannot be written */
export function writeFoldScores(run: RunFolder, scores: FoldScores): void {
  writeFileAtomic(run.foldScores, `${JSON.stringify(scores, null, 2)}\n`);
}

/** Reads them back. @throws CyclopsError when the file is missing or damaged */
export function readFoldScores({ foldScores: path }: RunFolder): FoldScores {
  const stored = readJson(path, foldScoresSchema);
  return { ...stored, config: parseConfig(stored.config, path) };
}
