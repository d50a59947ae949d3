import type { Calibration } from '../../anomaly/calibration/calibration.ts';
import { imageOptions, type TrainingConfig } from '../../cyclegan/config.ts';
import { trainingLength } from '../../cyclegan/learning-rate.ts';
import type { Manifest, StartingPoint } from '../../cyclegan/manifest.ts';
import { type CheckpointHead, readCheckpointHead } from '../../cyclegan/run/checkpoint-head.ts';
import { type DataRecord, fingerprint, hashBytes, readDataRecord, recordData } from '../../cyclegan/run/data-record.ts';
import type { RunFolder } from '../../cyclegan/run/run-folder.ts';
import { Trainer } from '../../cyclegan/run/trainer.ts';
import { type Banks, loadImages, makeBanks } from '../../cyclegan/run/training-banks.ts';
import type { WarmUp } from '../../cyclegan/run/warm-up.ts';
import { BESIDE_SEGMENTER } from '../../cyclegan/segmenter-alone.ts';
import { type Dataset, type ImageRef, isNormalAlone, partOf } from '../../data/datasets/dataset.ts';
import { writeSplit } from '../../data/datasets/split.ts';
import { writeFileAtomic } from '../../data/files/atomic.ts';
import { ScratchFile } from '../../data/files/scratch-file.ts';
import type { Size } from '../../data/images/bank.ts';
import type { DecodedImage } from '../../data/images/decoded-image.ts';
import { defectPixels } from '../../data/images/defect-pixels.ts';
import type { Overflow } from '../../data/images/level-memory.ts';
import { isSignedPng } from '../../data/images/png.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import type { TimedLaunch } from '../../gpu/profiler.ts';
import { type Listener, listenerOf } from '../common/listener.ts';
import { tuneKernels } from '../common/tuning.ts';
import { versions } from '../common/versions.ts';
import { hashWeights, type ModelWeights } from '../common/weights.ts';
import { type DecoderOptions, ImageDecoder, settleBroken } from '../images/decode-images.ts';
import { DuplicateWatch } from '../images/duplicate-warning.ts';
import type { GrayMasks } from '../images/gray-masks.ts';
import { type MaskFindings, readMasks } from '../images/read-masks.ts';
import { bankMemoryOf } from './bank-memory.ts';
import { calibrateRun } from './calibrate-run.ts';
import { requireContinuation } from './training-config.ts';

export interface TrainRunOptions extends Listener {
  config: TrainingConfig;
  /** With a part for every image. */
  dataset: Dataset;
  run: RunFolder;
  resume: boolean;
  /** Whether the segmenter is trained alone, without the other networks; not unless told otherwise. */
  segmenterAlone?: boolean | undefined;
  /** The weights that a new run begins with; random ones unless they are given. */
  from?: ModelWeights | null | undefined;
  skipBroken: boolean;
  /** Whether to look for the fastest kernels first. */
  tune: boolean;
  /** Bytes of the device's memory for training images, as {@link bankMemoryOf} has it unless told otherwise; what is more lies in a file. */
  bankMemory: number | undefined;
  /** Records every step anew instead of replaying the first. */
  eager: boolean;
  /** Those that the command has read so far. */
  grayMasks: GrayMasks;
  /** Is told of each image whose file decides itself which values are black and white. */
  onDicomWindow: Required<DecoderOptions>['onDicomWindow'];
  /** What warms a segmenter up, where several trainings share it. */
  warmUp?: WarmUp | undefined;
  /** Takes the launches of a few steps, with their times on the device. */
  onProfile?: ((launches: TimedLaunch[]) => void) | undefined;
}

/**
 * Trains a run to its end: the networks, then score and thresholds on the calibration part.
 *
 * @returns the calibration, or null when the signal stopped it; a checkpoint stands then
 */
export async function trainRun(device: Device, options: TrainRunOptions): Promise<Calibration | null> {
  if ((await trainNetworks(device, options)) === 'stopped') return null;
  const { run, dataset, tune, grayMasks } = options;
  return await calibrateRun(device, { ...listenerOf(options), run, data: dataset.root, tune, grayMasks });
}

/** Trains the networks of a run; `stopped` when the signal did. A checkpoint stands after either. */
export async function trainNetworks(device: Device, options: TrainRunOptions): Promise<'finished' | 'stopped'> {
  const store = new ScratchFile(options.run.root);
  try {
    return await trainOn(device, options, { left: options.bankMemory ?? bankMemoryOf(device.info), store });
  } finally {
    store.close();
  }
}

async function trainOn(device: Device, options: TrainRunOptions, overflow: Overflow): Promise<'finished' | 'stopped'> {
  const { config, dataset, run, resume, segmenterAlone = false, from = null, tune, eager, onProfile, warmUp } = options;
  const { signal, onProgress, onWarning } = options;
  const watch = new DuplicateWatch(config.range);
  const hashes = new Map<string, string>();
  const made: string[] = [];
  const onBytes = ({ path, file }: ImageRef, bytes: Uint8Array) => {
    hashes.set(path, hashBytes(bytes));
    if (isSignedPng(bytes)) made.push(file);
  };
  const onlookers = { watch, onBytes };
  const { banks, training } = await loadBanks(device, options, { ...onlookers, overflow });
  try {
    const data = recordData(dataset.root, training, await readableCalibration(options, onlookers), hashes, from?.seen);
    const begun = resume ? readCheckpointHead(run.checkpoint) : null;
    if (begun) {
      requireOwn(run, begun, config);
      requireSameData(data.hash, run, dataset.root);
    } else {
      await watch.look(dataset.images.filter(({ part }) => part === 'test'));
      const warning = watch.warning();
      if (warning) onWarning?.(warning);
      if (made.length > 0) onWarning?.(madeByUs(made));
      if (from) warnOfBeginning(from, data, onWarning);
      if (from && !from.absent.includes('D_A') && config.warmUp > 0) {
        onWarning?.(`--warm-up does nothing here: ${from.source} has a segmenter that has learned already.`);
      }
      writeFileAtomic(run.data, `${JSON.stringify(data, null, 2)}\n`);
      writeSplit(run.root, dataset);
    }
    const manifest: Manifest = {
      versions: versions(),
      device: device.info.name,
      dataHash: data.hash,
      created: new Date().toISOString(),
      ...(segmenterAlone && { absent: [...BESIDE_SEGMENTER] }),
      ...(begun ? historyOf(begun, config) : from && { from: startingPoint(from) }),
    };
    const begin = from ? { weights: from.networks, source: from.source } : undefined;
    const trainer = new Trainer(device, { config, banks, run, manifest, resume, segmenterAlone, begin, warmUp });
    if (trainer.lostLosses) onWarning?.(trainer.lostLosses);
    if (trainer.goneKernels.length > 0) {
      onWarning?.(
        `${trainer.goneKernels.length} kernels that the run began with are not in this version; it goes on with others, so that results may differ in their last digits.`,
      );
    }
    try {
      await tuneKernels(device, { ...listenerOf(options), tune }, trainer.body);
      const total = trainer.length.steps;
      return await trainer.train({
        ...{ signal, eager, onProfile },
        onWarmUp: (done, total) => onProgress?.({ stage: 'warm-up', done, total }),
        onProgress: (training) => onProgress?.({ stage: 'training', done: training.step, total, training }),
      });
    } finally {
      trainer.dispose();
    }
  } finally {
    for (const bank of [banks.a, banks.b, banks.masks]) bank?.dispose();
  }
}

/** A resumed run may have become longer, and nothing else. @throws CyclopsError where it is another training */
function requireOwn({ root }: RunFolder, begun: CheckpointHead, config: TrainingConfig): void {
  const { from, to } = lengthsOf(begun, config);
  requireContinuation(root, begun.config, config, to > from ? ['steps'] : []);
}

/** The steps of a run as it was begun, and as it goes on. */
function lengthsOf({ config, position }: CheckpointHead, now: TrainingConfig): { from: number; to: number } {
  const stepsOf = (of: TrainingConfig) => trainingLength(of, position.stepsPerEpoch).steps;
  return { from: stepsOf(config), to: stepsOf(now) };
}

/** Where a run begins that does not begin with random weights. */
function startingPoint({ source, networks, config, manifest, step, absent }: ModelWeights): StartingPoint {
  const { dataHash } = manifest;
  return { model: source, weights: hashWeights(networks), seed: config.seed, dataHash, step, fresh: [...absent] };
}

/** What a resumed run keeps of its manifest, and that it became longer where it did. */
function historyOf(begun: CheckpointHead, config: TrainingConfig): Pick<Manifest, 'from' | 'extended'> {
  const { from, extended = [] } = begun.manifest;
  const longer = { step: begun.position.step, ...lengthsOf(begun, config) };
  const all = longer.to > longer.from ? [...extended, longer] : extended;
  return { ...(from && { from }), ...(all.length > 0 && { extended: all }) };
}

/** Of pictures that bear the mark of Cyclops. */
function madeByUs(files: readonly string[]): string {
  const [first] = files;
  return (
    `Warning: ${files.length === 1 ? '1 image was' : `${files.length} images were`} written by Cyclops itself, as heat maps and translations are, such as ${first}. ` +
    'If that is a mistake, remove them and train again.'
  );
}

/**
 * Says which networks begin anew. And images that trained the first weights are known to the networks: what calibrates on them promises
 * too much, unless the data are divided as they were.
 */
function warnOfBeginning(
  { source, trained, absent, manifest }: ModelWeights,
  data: DataRecord,
  onWarning: Listener['onWarning'],
): void {
  if (absent.length > 0) onWarning?.(`${source} has no ${absent.join(', ')}, which begin with random weights.`);
  if (manifest.dataHash === data.hash) return;
  const known = new Set(trained);
  const aside = data.images.filter(({ part }) => part === 'calibration');
  const seen = aside.filter(({ sha256 }) => known.has(fingerprint(sha256))).length;
  if (seen === 0) return;
  onWarning?.(
    `${seen} of the ${aside.length} images that calibrate may have trained ${source}: the threshold that they choose may promise too much. Name ` +
      'others in calibration.txt of the data folder.',
  );
}

/** Who looks at images that are read, so that each is read once. */
interface Onlookers extends Required<Pick<DecoderOptions, 'onBytes'>> {
  watch: DuplicateWatch;
}

/** Decodes and uploads the training part, resized. */
async function loadBanks(
  device: Device,
  { dataset, config, skipBroken, grayMasks, onDicomWindow, onWarning }: TrainRunOptions,
  { watch, onBytes, overflow }: Onlookers & { overflow: Overflow },
): Promise<{ banks: Banks; training: ImageRef[] }> {
  const refs = partOf(dataset, 'train');
  const shown = { ...imageOptions(config), loadSize: { width: config.loadSize, height: config.loadSize }, overflow };
  const sizes = new Map<string, Size>();
  const onImage = (ref: ImageRef, image: DecodedImage) => {
    watch.see(ref, image);
    // Without its pixels, which would all stay in memory.
    sizes.set(ref.file, { width: image.width, height: image.height });
  };
  const decoderOf = (label: ImageRef['label']) => {
    const labelled = refs.filter((ref) => ref.label === label);
    return new ImageDecoder(labelled, { skipBroken, range: config.range, onImage, onBytes, onDicomWindow });
  };
  const [abnormal, normal] = [decoderOf('abnormal'), decoderOf('normal')];
  const a = await loadImages(device, 'abnormal', abnormal.images(), config, shown);
  const b = await loadImages(device, 'normal', normal.images(), config, shown);
  const good = [...abnormal.good, ...normal.good];
  const found: MaskFindings = { broken: [], gray: grayMasks };
  const masked = wantsMasks(config) ? abnormal.good : [];
  const marked = new Map<string, Uint32Array | null>();
  for await (const { ref, mask } of readMasks(masked, sizes, found))
    marked.set(ref.file, defectPixels(mask, config.loadSize));
  const broken = [...abnormal.broken, ...normal.broken, ...found.broken];
  settleBroken({ good, broken }, skipBroken, onWarning);
  for (const [label, { count }] of Object.entries({ abnormal: a.bank, normal: b.bank })) {
    if (count > 0 || (label === 'abnormal' && isNormalAlone(dataset))) continue;
    throw new CyclopsError(
      `Training needs normal and abnormal images, but no ${label} image of ${dataset.root} can be read. Repair or replace them.`,
    );
  }
  grayMasks.tell(onWarning);
  const defects = abnormal.good.map(({ file }) => marked.get(file) ?? null);
  warnOfUnmasked(config, defects, onWarning);
  warnOfNoSegmenter(config, onWarning);
  warnOfUnseenDefects(config, defects.length, onWarning);
  return {
    banks: await makeBanks(device, { a: a.bank, b: b.bank, bare: { a: a.bare, b: b.bare }, defects }, config, overflow),
    training: good,
  };
}

/** Says what training cannot learn where masks are missing. */
function warnOfUnmasked(
  { netD, transplants }: TrainingConfig,
  defects: readonly (Uint32Array | null)[],
  onWarning: Listener['onWarning'],
): void {
  const unmasked = defects.filter((pixels) => pixels === null).length;
  if (transplants > 0 && defects.length > 0 && unmasked === defects.length) {
    onWarning?.(
      'No abnormal image has a mask that marks something, so that --transplants has no defect to lay on normal images.',
    );
  }
  if (netD === 'unet' && unmasked > 0) {
    onWarning?.(
      `${unmasked} of ${defects.length} abnormal images have no mask: of them --netD unet learns only that their least normal pixels are a ` +
        'defect. Masks, white where the defect is, in masks/ of the data folder would teach it more.',
    );
  }
}

/** Says which options wait for a segmenter that is not there. */
function warnOfNoSegmenter(
  { netD, defectsBySize, judgeCrops }: TrainingConfig,
  onWarning: Listener['onWarning'],
): void {
  const idle = [...(defectsBySize ? ['--defects-by-size'] : []), ...(judgeCrops ? ['--judge-crops'] : [])];
  if (netD === 'unet' || idle.length === 0) return;
  onWarning?.(
    `${idle.join(' and ')} ${idle.length > 1 ? 'do' : 'does'} nothing without a segmenter. Add --netD unet for one.`,
  );
}

/** Made defects are shown by domain crops and by the paired loss, and where there are no abnormal images in their place. */
function warnOfUnseenDefects(
  { transplants, damage, domainCrops, lambdaPaired }: TrainingConfig,
  abnormal: number,
  onWarning: Listener['onWarning'],
): void {
  const idle = [...(damage > 0 ? ['--damage'] : []), ...(transplants > 0 ? ['--transplants'] : [])];
  if (idle.length === 0 || domainCrops > 0 || lambdaPaired > 0 || abnormal === 0) return;
  onWarning?.(
    `${idle.join(' and ')} ${idle.length > 1 ? 'do' : 'does'} nothing here: the defects that are made are shown in --domain-crops and weighed by ` +
      '--lambda-paired, and both are 0. Give one of them.',
  );
}

/** Whether training looks at masks. */
function wantsMasks({ cropDefects, netD, transplants }: TrainingConfig): boolean {
  return cropDefects || netD === 'unet' || transplants > 0;
}

/** The calibration images that can be read, so that the end of training has no bad surprise. */
async function readableCalibration(
  { dataset, config, skipBroken, onDicomWindow, onWarning }: TrainRunOptions,
  { watch, onBytes }: Onlookers,
): Promise<ImageRef[]> {
  if (!dataset.images.some(({ part }) => part === 'calibration')) return [];
  const { range } = config;
  const decoder = new ImageDecoder(partOf(dataset, 'calibration'), {
    ...{ skipBroken, range, onImage: watch.see, onBytes, onDicomWindow },
  });
  await decoder.look();
  settleBroken(decoder, skipBroken, onWarning);
  return decoder.good;
}

function requireSameData(hash: string, run: RunFolder, root: string): void {
  const recorded = readDataRecord(run.data);
  if (recorded.hash === hash) return;
  throw new CyclopsError(
    `The training and calibration images of ${root} are not those that the run in ${run.root} began with (${recorded.images.length} of ` +
      `${recorded.root}). Resume with the same images, or begin a new run in another folder.`,
  );
}
