/** How fast images come in: read alone, judged alone, and both at once. */
import { readFile } from 'node:fs/promises';
import type { DetectorNetworks } from '../../anomaly/detector/detector-networks.ts';
import { scoreImages } from '../../anomaly/detector/score-images.ts';
import { median } from '../../anomaly/metrics/median.ts';
import type { Score } from '../../anomaly/scores/score.ts';
import type { ImageRef } from '../../data/datasets/dataset.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { loadSharp } from '../../data/images/sharp.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { visible } from '../../report/parts/visible.ts';
import { madeAhead } from '../../workflow/images/ahead.ts';
import { ImageDecoder } from '../../workflow/images/decode-images.ts';
import { scoreRefs } from '../../workflow/images/score-refs.ts';
import { align } from '../text/table.ts';

/** In images a second. */
interface InputResult {
  /** How many files the folder has. */
  files: number;
  /** Why files cannot be read, of those whose rates are told, the first sixteen. */
  unreadable: readonly string[];
  /** Million pixels of a file, the mean over those that were read. */
  megapixels: number;
  /** Files read and decoded by libvips, without anything of ours. */
  library: number;
  /** As `score` reads them. */
  reading: number;
  /** Images that were decoded before, uploaded, resized and judged. */
  device: number;
  /** As `score` does it. */
  together: number;
  limits: 'reading' | 'the device';
}

interface InputBench {
  refs: readonly ImageRef[];
  detector: DetectorNetworks;
  scores: readonly Score[];
  /** How long each rate is measured, at least, all turns together. */
  seconds: number;
}

/** Images that are kept to be judged without being read. */
const KEPT = 16;
const TURNS = 5;

/** @throws CyclopsError when no image of the folder can be read */
export async function benchInput({ refs, detector, scores, seconds }: InputBench): Promise<InputResult> {
  const { range } = detector.config;
  const kept: DecodedImage[] = [];
  const first = new ImageDecoder(refs.slice(0, KEPT), {
    ...{ skipBroken: true, range },
    onImage: (_, image) => kept.push(image),
  });
  await first.look();
  if (kept.length === 0) {
    const [broken] = first.broken;
    throw new CyclopsError(`None of the first ${KEPT} images can be read. ${broken?.reason ?? 'The folder is empty.'}`);
  }
  const request = () => ({ scores });
  const decoder = (of: readonly ImageRef[]) => new ImageDecoder(of, { skipBroken: true, range });
  const again = <T>(items: readonly T[], count: number) =>
    Array.from({ length: count }, (_, i) => items[i % items.length]).filter((item) => item !== undefined);
  // Kernels are compiled, and the file cache of the system is warm, before a clock runs.
  await drained(scoreImages(detector, kept, request));
  const [library, reading, device, together] = await ratesInTurns(seconds, [
    (count) => drained(decodedByLibrary(again(first.good, count))),
    (count) => decoder(again(first.good, count)).look(),
    (count) => drained(scoreImages(detector, again(kept, count), request)),
    (count) => drained(scoreRefs(detector, decoder(again(first.good, count)), request)),
  ]);
  const pixels = kept.reduce((sum, { width, height }) => sum + width * height, 0) / kept.length;
  const limits = reading < device ? 'reading' : 'the device';
  const unreadable = first.broken.map(({ reason }) => reason);
  return { files: refs.length, unreadable, megapixels: pixels / 1e6, library, reading, device, together, limits };
}

/** The result for people. */
export function inputText({ info }: Device, result: InputResult): string {
  const { files, unreadable, megapixels, library, reading, device, together, limits } = result;
  const row = (name: string, rate: number, remark = '') => [name, `${rate.toPrecision(3)} images/s`, remark];
  const share = (rate: number, of: number) => `${(rate / of).toFixed(2)} of`;
  return [
    `${info.name}: ${files} files of ${megapixels.toPrecision(3)} million pixels`,
    '',
    ...align(
      [
        row('decoded by libvips alone', library),
        row('read as score reads', reading, `${share(reading, library)} that`),
        row('judged, without reading', device),
        row('read and judged', together, `${share(together, Math.min(reading, device))} the slower`),
      ],
      (column) => column !== 1,
    ),
    '',
    `It is ${limits} that limits.`,
    ...(unreadable.length > 0
      ? [
          `${unreadable.length} of the first ${Math.min(files, KEPT)} files cannot be read and are left out: ${unreadable.map(visible).join(' ')}`,
        ]
      : []),
    '',
  ].join('\n');
}

type Work = (count: number) => Promise<void>;

/**
 * Rates of works that take turns, so that what else the machine does meets all of them alike.
 * @returns images a second, the median of the turns
 */
async function ratesInTurns<const Works extends readonly Work[]>(seconds: number, works: Works) {
  const counts: number[] = [];
  for (const work of works) counts.push(await countFor(seconds / TURNS, work));
  const rates: number[][] = works.map(() => []);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, work] of works.entries()) rates[i]?.push(counts[i]! / (await secondsOf(work, counts[i]!)));
  }
  return rates.map((turns) => median(turns) ?? 0) as { [W in keyof Works]: number };
}

/** How many images `work` needs to take `seconds`, at least. */
async function countFor(seconds: number, work: Work): Promise<number> {
  for (let count = 4; ; ) {
    const taken = Math.max(1e-3, await secondsOf(work, count));
    if (taken >= seconds) return count;
    count = Math.ceil(count * Math.min(8, Math.max(1.5, (1.2 * seconds) / taken)));
  }
}

async function secondsOf(work: Work, count: number): Promise<number> {
  const begin = performance.now();
  await work(count);
  return (performance.now() - begin) / 1000;
}

async function drained(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results);
}

async function* decodedByLibrary(refs: readonly ImageRef[]): AsyncGenerator {
  const sharp = await loadSharp();
  const bytes = async ({ path }: ImageRef) =>
    (
      await sharp(await readFile(path))
        .raw()
        .toBuffer()
    ).length;
  yield* madeAhead(refs, bytes, (length) => length);
}
