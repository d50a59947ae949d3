import { createHash } from 'node:crypto';
import { dirname, join, sep } from 'node:path';
import type { Command } from 'commander';
import { optionName } from '../../cyclegan/config.ts';
import { writeFileAtomicAsync } from '../../data/files/atomic.ts';
import { isFolder } from '../../data/files/is-folder.ts';
import { makeFolder } from '../../data/files/make-folder.ts';
import { isWithin, realPlace } from '../../data/files/real-place.ts';
import { removeOldRemains } from '../../data/files/remains.ts';
import { encodePngAsync, isSignedPng, signPng } from '../../data/images/png.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { overlayHeatmap } from '../../report/parts/heatmap-overlay.ts';
import { visible } from '../../report/parts/visible.ts';
import {
  isOwnPicture,
  type OutputKind,
  requireDifferentPlaces,
  requireFree,
  requireNoPictures,
} from '../../workflow/common/outputs.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { type Decision, type FileResult, type Scoring, score as scoreWorkflow } from '../../workflow/score.ts';
import { type ScoreShardOptions, type ShardScoring, scoreShard } from '../../workflow/score-shard.ts';
import { concludeScoring, concludeUnfinished, Tally, tellUnreadable } from '../conclude-scoring.ts';
import { EXIT, wrap } from '../failure.ts';
import { catchInterrupt } from '../interrupt.ts';
import { listenOnTerminal } from '../listener.ts';
import { addTileOption, addTuneOptions, MAP_OPTION, type TuneFlags, toNumber, withDevice } from '../options.ts';
import { ScoreOutput } from '../score-output.ts';
import { addShardOption, type ChosenShard, type ShardFlag, shardOrWhole } from '../shard-option.ts';

interface ScoreCommandOptions extends TuneFlags {
  by?: string;
  threshold?: number;
  map?: string;
  csv?: string;
  json?: boolean;
  heatmaps?: string;
  failOnAnomaly?: boolean;
  skipBroken?: boolean;
  tile?: number;
  watch?: string;
  followLinks?: boolean;
  out?: string;
  shard?: ShardFlag;
}

export function addScore(program: Command): void {
  const command = program
    .command('score')
    .description('print file, score, threshold and flag of images, one a line as each is done, separated by tabs')
    .argument('<model>', 'model.safetensors, or the folder that train wrote')
    .argument('[image...]', 'image files, or folders of them, with those below')
    .option(
      '--by <score>',
      'the score that decides, or a map and a pooling such as residual5.top1 (default: the one that calibration chose)',
    )
    .option('--threshold <number>', 'flag from this score on instead of the calibrated threshold', toNumber)
    .option('--csv <file>', 'write a line for each file as it is done: file, status, score, threshold, every score')
    .option('--json', 'print a JSON object a line instead, with every score')
    .option(
      '--heatmaps <folder>',
      'write each picture with its heat map laid over it, which shows where it looks abnormal; one scale for all',
    )
    .option('--map <name>', MAP_OPTION)
    .option('--fail-on-anomaly', `end with exit code ${EXIT.flagged} instead of 0 when an image is flagged`)
    .option('--skip-broken', 'do not fail when files cannot be read; they are listed either way')
    .option('--follow-links', 'follow links that lead out of a folder of images; without, they are passed over')
    .option('--watch <folder>', 'score images that come into this folder, each once it is whole, until Ctrl-C');
  addTileOption(command);
  command.option(
    '--out <folder>',
    'score a share of the images, and leave it here for collect, which makes the table when all shards are done',
  );
  addShardOption(command);
  addTuneOptions(command).action(score);
}

async function score(model: string, given: string[], options: ScoreCommandOptions): Promise<void> {
  const images = imagesOrFolder(given, options.watch);
  const {
    by,
    threshold,
    map,
    csv,
    json = false,
    heatmaps,
    tile,
    tune,
    watch,
    quiet = false,
    skipBroken = false,
  } = options;
  const chosen = shardOf(options);
  requireOutside(images, heatmaps);
  requireDifferentPlaces({ '--csv': csv, '--heatmaps': heatmaps });
  const { signal, release } = catchInterrupt(() => {});
  // On a terminal the lines themselves show how far it has come.
  const { listener, stop } = listenOnTerminal(quiet, process.stdout.isTTY ? 'scoring' : undefined);
  const unwritten: string[] = [];
  const asked = {
    ...listener,
    ...{ model, images, signal, followLinks: options.followLinks },
    by,
    threshold,
    map,
    tile,
    tune,
    pictures: heatmaps !== undefined,
    finish:
      heatmaps === undefined
        ? undefined
        : heatmapsInto(heatmaps, (why) => {
            unwritten.push(why);
            process.stderr.write(`no heat map: ${visible(why)}\n`);
          }),
    allScores: csv !== undefined || json,
  };
  const found = new Tally(watch !== undefined);
  const concluding = {
    ...{ quiet, skipBroken },
    told: watch !== undefined && !quiet,
    failOnAnomaly: options.failOnAnomaly ?? false,
    isShard: chosen !== null,
  };
  await withDevice(options, async (device) => {
    const scoring: Scoring & { own?: number } = chosen
      ? begin({ ...asked, device }, chosen)
      : scoreWorkflow({ ...asked, watch: watch !== undefined, device });
    const { files, decision, own = files.length } = scoring;
    requireDifferentNames(files, images, heatmaps);
    const output = new ScoreOutput(decision, { csv, json, onWarning: listener.onWarning });
    const work = async () => {
      for await (const result of scoring) {
        // Who watches for days does not want to hear of it at the end.
        if (result.status === 'unreadable' && concluding.told) tellUnreadable(result.reason);
        found.add(result);
        output.add(result);
      }
    };
    await output.during(work).catch((error) => {
      concludeUnfinished(found, own, concluding);
      throw error;
    });
    if (signal.aborted && found.total < own) {
      concludeUnfinished(found, own, concluding);
      process.exitCode = EXIT.interrupted;
    }
  }).finally(() => {
    release();
    stop();
  });
  if (process.exitCode === EXIT.interrupted) return;
  concludeScoring(found, concluding);
  if (unwritten.length === 0) return;
  throw new CyclopsError(
    `${unwritten.length} of ${found.total} heat maps could not be written; the scores are whole. Make room for them, and score those images again.`,
  );
}

/** The shard and where it is left; null where nothing is divided. @throws UsageError for options that do not fit together */
function shardOf(options: ScoreCommandOptions): (ChosenShard & { out: string }) | null {
  const { out, shard, csv, watch, failOnAnomaly, skipBroken } = options;
  if (out === undefined) {
    if (shard === undefined || shard === 'none') return null;
    throw new UsageError(
      '--shard scores a share of the images, and --out says where it is left for collect. Add --out, or leave --shard out.',
    );
  }
  const foreign = Object.entries({ csv, watch, failOnAnomaly, skipBroken }).find(([, value]) => value !== undefined);
  if (foreign === undefined) return { out, ...shardOrWhole(shard, out, process.env) };
  throw new UsageError(
    foreign[0] === 'watch'
      ? 'Images that come into a watched folder cannot be divided. Leave --out or --watch out.'
      : `With --out, ${optionName(foreign[0])} is for collect, which sees all shards: give it to 'cyclops collect ${out}'.`,
  );
}

/** Begins a shard, and says which it is. */
function begin(
  asked: Omit<ScoreShardOptions, 'out' | 'shard'>,
  { out, shard, said }: ChosenShard & { out: string },
): ShardScoring {
  const scoring = scoreShard({ ...asked, out, shard });
  const { own, files, isDone } = scoring;
  const what = isDone ? 'It is done already: nothing is scored again.' : `It scores ${own} of ${files.length} images.`;
  process.stderr.write(`${wrap(`${said} ${what}`)}\n`);
  return scoring;
}

/** @throws UsageError unless there are either images or a folder to watch */
function imagesOrFolder(images: string[], watched: string | undefined): string[] {
  if (watched === undefined && images.length > 0) return images;
  if (watched !== undefined && images.length === 0) return [watched];
  throw new UsageError(
    watched === undefined
      ? 'No image was given. Name images or folders of them, or a folder with --watch.'
      : `--watch ${watched} scores what comes into that folder alone, and ${images.join(', ')} was given too. Leave out either.`,
  );
}

const HEAT_MAP: OutputKind = { what: 'a heat map', isOwn: isSignedPng, picture: '.png' };

/** Bytes of a file's name that leave room for an ending, and for what it is called until it is whole. */
const NAME_BYTES = 200;

const ENDING = '.heat.png';

/** Below the folder of heat maps, wherever the image lies. */
function heatmapPath(folder: string, file: string): string {
  const parts = file.split(sep === '/' ? '/' : /[\\/]/).filter((part) => part !== '..');
  const name = shortened(parts.pop() ?? '');
  return join(folder, ...parts, `${name}${ENDING}`);
}

/** A name that is too long for a longer one beside it, as its beginning and what tells it from others. */
function shortened(name: string): string {
  const bytes = Buffer.from(name);
  if (bytes.length <= NAME_BYTES) return name;
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const kept = bytes.subarray(0, NAME_BYTES - digest.length - 1).toString();
  // The last character may be cut in two.
  return `${kept.replace(/\uFFFD+$/, '')}~${digest}`;
}

/** @throws UsageError when the heat maps would be images of a folder that is scored, the next time at the latest */
function requireOutside(images: readonly string[], heatmaps: string | undefined): void {
  if (heatmaps === undefined) return;
  const folder = images.find((path) => isFolder(path) && isWithin(path, heatmaps));
  if (folder === undefined) return;
  throw amongImages(heatmaps, folder);
}

function amongImages(heatmaps: string, folder: string): UsageError {
  return new UsageError(
    `--heatmaps ${heatmaps} would put heat maps among the images of ${folder}, and the next time they would be scored, or trained with, too. ` +
      'Choose a folder outside it.',
  );
}

/** @throws UsageError when two heat maps would be written under one name, or one over an image */
function requireDifferentNames(files: Scoring['files'], images: readonly string[], heatmaps: string | undefined): void {
  if (heatmaps === undefined) return;
  const seen = new Map<string, string>();
  const inputs = new Set(files.map(({ path }) => realPlace(path)));
  for (const { file, path } of files) {
    const target = heatmapPath(heatmaps, file);
    const other = seen.get(target);
    if (other !== undefined) {
      throw new UsageError(
        `${other} and ${path} would both have the heat map ${target}. Score them one after the other.`,
      );
    }
    if (inputs.has(realPlace(target))) {
      throw new UsageError(
        `The heat map of ${path} would overwrite ${target}, which is to be scored too. Choose another folder for heat maps.`,
      );
    }
    requireFree('--heatmaps', target, HEAT_MAP);
    seen.set(target, path);
  }
  // Below the folder of heat maps they lie as the images do, which may be among them.
  const places = new Map(files.map(({ path }) => [realPlace(dirname(path)), dirname(path)]));
  const folders = [...seen.keys()].map((target) => dirname(target));
  for (const folder of new Set(folders)) {
    requireOutside(images, folder);
    const among = places.get(realPlace(folder));
    if (among !== undefined) throw amongImages(heatmaps, among);
  }
  for (const folder of new Set([join(heatmaps), ...folders])) requireNoPictures('--heatmaps', folder);
}

/** Writes the heat map of a result below a folder. @param onFault is told why one cannot be written, which costs no other */
function heatmapsInto(folder: string, onFault: (why: string) => void) {
  const seen = new Set<string>();
  /** Makes the folder of a heat map, and rids it, once, of what killed writers left there. */
  const prepare = (place: string) => {
    makeFolder(place);
    if (seen.has(place)) return;
    // Of a watched folder it was not known before.
    requireNoPictures('--heatmaps', place);
    removeOldRemains(place, (file) => file.endsWith(ENDING));
    seen.add(place);
  };
  return async (result: FileResult, { heatmap: scale }: Decision): Promise<void> => {
    if (result.status === 'unreadable' || !result.pictures || !scale) return;
    const { original, heatmap: values, input, size: judged } = result.pictures;
    const { width, height } = input;
    const painted = overlayHeatmap(original, { values, width, height, judged }, scale);
    const file = await encodePngAsync(original.width, original.height, 3, painted);
    const target = heatmapPath(folder, result.file);
    try {
      if (isOwnPicture(result.path))
        throw new CyclopsError(`${result.path} was written by Cyclops itself, and has none. Watch another folder.`);
      prepare(dirname(target));
      requireFree('--heatmaps', target, HEAT_MAP);
      await writeFileAtomicAsync(target, signPng(file));
    } catch (error) {
      if (!(error instanceof CyclopsError)) throw error;
      onFault(error.message);
    }
  };
}
