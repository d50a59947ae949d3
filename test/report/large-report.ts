import { join } from 'node:path';
import { chooseThresholds } from '../../src/anomaly/calibration/thresholds.ts';
import type { ScoreInfo } from '../../src/anomaly/scores/score.ts';
import { writeFileAtomic } from '../../src/data/files/atomic.ts';
import { encodeJpeg } from '../../src/data/images/jpeg.ts';
import { renderReport } from '../../src/report/page.ts';
import { KeptPictures } from '../../src/report/parts/kept-pictures.ts';
import type { Picture } from '../../src/report/parts/pictures.ts';
import { PICTURES_BUDGET } from '../../src/workflow/report-file.ts';
import { image, sampleReport } from './sample-report.ts';

export interface Size {
  count: number;
  /** Of each image, in pixels. */
  side: number;
}

/** What a report may have to hold. */
export const LARGE: readonly Size[] = [
  { count: 2000, side: 256 },
  { count: 200, side: 1024 },
];

const SCORE: ScoreInfo = { name: 'sse', label: 'squared error', formula: 'Σ (x − x̂)²', paper: true };

/** Writes a report of so many images with as many of their pictures as it keeps. @returns its file, and what the pictures take of it */
export async function writeLargeReport(
  folder: string,
  { count, side }: Size,
): Promise<{ file: string; pictureBytes: number }> {
  const calibrated = [image('n', 'normal', 0.3, 9), image('m', 'normal', 0.6, 0), image('a', 'abnormal', 0.65, 3)];
  const chosen = chooseThresholds(calibrated, [SCORE], { rule: 'zfn', chosenOn: 'calibration', dataHash: null });
  const images = Array.from({ length: count }, (_, i) =>
    image(`large/${i}.png`, i % 2 === 0 ? 'normal' : 'abnormal', (i * 7919) % count, Math.random()),
  );
  const report = sampleReport(images, [SCORE], chosen);
  const kept = new KeptPictures(PICTURES_BUDGET);
  // The same few pictures again and again: encoding others for each image would take a minute.
  const few = await Promise.all([1, 2, 3].map((offset) => picture(side, offset)));
  const of = (i: number): Picture => few[i % few.length] as Picture;
  for (const [i, { file, verdict, threshold, scores }] of report.evaluation.images.entries()) {
    const score = scores[chosen.chosen] ?? Number.NaN;
    const made = { input: of(i), reconstruction: of(i + 1), heatmap: of(i + 2) };
    await kept.add({ file, verdict, threshold, score }, () => Promise.resolve(made));
  }
  const file = join(folder, `large-${side}.html`);
  writeFileAtomic(file, renderReport({ ...report, pictures: kept.report() }, kept.pictures));
  return { file, pictureBytes: kept.report().bytes };
}

async function picture(side: number, offset: number): Promise<Picture> {
  const pixels = Uint8Array.from(
    { length: side * side * 3 },
    (_, i) => 128 + 50 * Math.sin((i + offset) / 111) + 20 * Math.random(),
  );
  const bytes = await encodeJpeg({ width: side, height: side, channels: 3, pixels }, 85);
  return { type: 'image/jpeg', width: side, height: side, bytes };
}
