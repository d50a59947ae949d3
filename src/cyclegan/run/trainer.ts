import { join } from 'node:path';
import { makeFolder } from '../../data/files/make-folder.ts';
import type { ImageBank } from '../../data/images/bank.ts';
import type { Capture } from '../../gpu/capture.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError, OutOfMemoryError } from '../../gpu/errors.ts';
import type { TimedLaunch } from '../../gpu/profiler.ts';
import type { StopSignal } from '../../gpu/stop-signal.ts';
import { exportChoices, importChoices } from '../../kernels/tuning/choices.ts';
import { RandomStream } from '../../tensor/random.ts';
import { scope } from '../../tensor/scope.ts';
import type { TrainingConfig } from '../config.ts';
import type { Learner } from '../learner.ts';
import { learningRate, type TrainingLength, trainingLength } from '../learning-rate.ts';
import { LOSS_NAMES, type Losses } from '../losses.ts';
import type { Manifest } from '../manifest.ts';
import { CycleGAN } from '../model.ts';
import { modelOptions } from '../model-options.ts';
import { type Batch, planEpoch, stepsPerEpoch } from '../sampler.ts';
import { SegmenterAlone } from '../segmenter-alone.ts';
import { beginWith, type NetworkWeights, restoreCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { openCheckpoint } from './checkpoint-head.ts';
import { DomainFeed } from './domain-feed.ts';
import { MetricsLog } from './metrics-log.ts';
import { Pace } from './pace.ts';
import type { RunFolder } from './run-folder.ts';
import { writeSamples } from './samples.ts';
import type { Banks } from './training-banks.ts';
import { type WarmUp, warmUp } from './warm-up.ts';

/** What training says of itself now and then. */
export interface TrainingProgress {
  step: number;
  steps: number;
  epoch: number;
  epochs: number;
  losses: Losses;
  /** Images of both domains that passed per second, since this process began to train. */
  imagesPerSecond: number;
  secondsLeft: number;
}

interface TrainerOptions {
  config: TrainingConfig;
  banks: Banks;
  run: RunFolder;
  manifest: Manifest;
  /** Continue from the run's checkpoint. */
  resume: boolean;
  /** Whether the segmenter is trained alone, without the other networks; not unless told otherwise. */
  segmenterAlone?: boolean | undefined;
  /** What a new run begins with instead of random weights, and where that comes from. */
  begin?: { weights: NetworkWeights; source: string } | undefined;
  /** What warms a segmenter up; unless it is shared, for this training alone. */
  warmUp?: WarmUp | undefined;
}

export interface TrainingOptions {
  /** Ends training after the step in progress, with a checkpoint. */
  signal?: StopSignal | undefined;
  onProgress?: ((progress: TrainingProgress) => void) | undefined;
  /** Records every step anew instead of replaying the first: slower, the same bits, for debugging. */
  eager?: boolean | undefined;
  /** Takes the launches of each of the third to the fifth step, with their times on the device. */
  onProfile?: ((launches: TimedLaunch[]) => void) | undefined;
  /** Told how many steps of a segmenter's warm-up are done. */
  onWarmUp?: ((done: number, total: number) => void) | undefined;
}

/** Steps that are profiled, counted from the first of this process: by then everything is compiled. */
const PROFILED = { first: 2, last: 4 };

/** The image pools' random stream; 0 to 3 make the networks' first weights. */
const POOL_STREAM = 4;
/** Losses are read back after so many steps or milliseconds, whichever comes first. */
const READ_STEPS = 32;
const READ_MILLISECONDS = 1000;

/**
 * Trains a Cycle-GAN on two image banks and keeps a run folder: checkpoints, metrics, sample pictures. The same
 * configuration and images give the same bits on the same adapter, also when a run was stopped or killed and resumed.
 */
export class Trainer {
  readonly length: TrainingLength;
  /** Steps done. */
  step = 0;
  /** Seconds spent training, in this process and in those before. */
  seconds = 0;
  /** Problems of a resumed run whose kernels this version does not have: its bits may differ from now on. */
  goneKernels: readonly string[] = [];
  /** Says which losses of a resumed run are lost; null where none are. */
  readonly lostLosses: string | null;
  private readonly config: TrainingConfig;
  private readonly banks: Banks;
  private readonly run: RunFolder;
  private readonly manifest: Manifest;
  private readonly model: Learner;
  /** A step of the model, on what the feeds show. */
  private readonly learn: () => void;
  private readonly warmUp: WarmUp;
  private readonly poolDraws: RandomStream;
  private readonly metrics: MetricsLog;
  private readonly feeds: Feeds;
  /** Crops of a step, of both domains together. */
  private readonly imagesPerStep: number;
  private captured: Capture | null = null;
  private plan: { epoch: number; batches: Batch[] } = { epoch: 0, batches: [] };
  private readonly pace: Pace;
  /** Losses on their way to the host. */
  private reading: { losses: Promise<Losses[]> } | null = null;
  private lastRead = { step: 0, time: performance.now() };
  private savedStep: number | null = null;
  private loggedStep: number;
  private lastLosses: Losses | undefined;

  /** @throws CyclopsError when the checkpoint cannot be used */
  constructor(
    private readonly device: Device,
    { config, banks, run, manifest, resume, segmenterAlone = false, begin, warmUp: own = warmUp }: TrainerOptions,
  ) {
    this.config = config;
    this.banks = banks;
    this.run = run;
    this.manifest = manifest;
    this.warmUp = own;
    this.pace = new Pace(device);
    const perEpoch = stepsPerEpoch(banks.counts, config.batchSize);
    this.length = trainingLength(config, perEpoch);
    this.poolDraws = new RandomStream(config.seed, POOL_STREAM);
    const options = modelOptions(config);
    const feed = (count: number, masks: ImageBank | null = null) =>
      new DomainFeed({ ...banks, masks }, config, count, this.model.dtype);
    if (segmenterAlone) {
      const model = new SegmenterAlone(device, options);
      this.model = model;
      const domains = feed(config.domainCrops, banks.masks);
      this.feeds = { domains };
      this.imagesPerStep = 2 * config.domainCrops;
      this.learn = () => model.step(domains.images(), config.batchSize);
    } else {
      const model = new CycleGAN(device, options, this.poolDraws);
      this.model = model;
      const own = feed(config.batchSize);
      const domains = config.domainCrops > 0 ? feed(config.domainCrops, banks.masks) : undefined;
      const pairs = config.lambdaPaired > 0 && banks.counts.made > 0 ? feed(config.batchSize) : undefined;
      this.feeds = { own, domains, pairs };
      this.imagesPerStep = 2 * config.batchSize;
      this.learn = () => {
        const further = { domains: domains?.images(), pairs: pairs?.images() };
        const { a, b } = own.images();
        model.step(a, b, further);
      };
    }
    if (resume) this.restore(perEpoch);
    else if (begin) beginWith(this.model, begin.weights, begin.source);
    this.loggedStep = this.step;
    this.lastRead.step = this.step;
    this.metrics = new MetricsLog(run.metrics, this.step);
    this.lostLosses = this.metrics.gap;
  }

  /**
   * Trains to the end, or to the signal. At the end of either stands a checkpoint.
   *
   * @throws CyclopsError when training diverges, and with `onProfile` when the device cannot time launches
   */
  async train(options: TrainingOptions = {}): Promise<'finished' | 'stopped'> {
    const { signal, onProgress, eager = false, onProfile } = options;
    const { config, device, length } = this;
    if (this.savedStep === null) await this.save();
    if (this.step === 0 && !(await this.warmSegmenter(options))) return 'stopped';
    const first = this.step;
    const clock = new Clock(this.step, length.steps, this.imagesPerStep);
    const secondsBefore = this.seconds;
    const report = () => {
      const { loggedStep, lastLosses } = this;
      if (lastLosses) onProgress?.(clock.progress(loggedStep, this.epochOf(loggedStep), length.epochs, lastLosses));
    };

    while (this.step < length.steps && !signal?.aborted) {
      const done = this.step - first;
      if (onProfile && done >= PROFILED.first && done <= PROFILED.last) {
        onProfile(await device.profile(() => this.recordStep(eager)));
      } else {
        this.recordStep(eager);
      }
      this.seconds = secondsBefore + clock.seconds;
      await this.pace.keep();
      if (await this.collectLosses()) report();
      if (this.isDue(config.sampleInterval)) await this.sample();
      if (this.isDue(config.checkpointInterval)) await this.save();
    }
    if (this.savedStep !== this.step) await this.save();
    await this.pace.end();
    report();
    return this.step < length.steps ? 'stopped' : 'finished';
  }

  /**
   * Gives the segmenter what it learns on made grounds, unless it began with the weights of a model. The checkpoint before the first step is
   * without it, so that who goes on from there warms up again.
   *
   * @returns not where the signal stopped it
   */
  private async warmSegmenter({ signal, onWarmUp }: TrainingOptions): Promise<boolean> {
    const { config, device, model } = this;
    const { from } = this.manifest;
    if (config.warmUp === 0 || (from && !from.fresh.includes('D_A'))) return true;
    const began = performance.now();
    const weights = await this.warmUp(device, config, { signal, onProgress: onWarmUp });
    if (weights) beginWith(model, weights, 'the warm-up');
    this.seconds += (performance.now() - began) / 1000;
    return weights !== null;
  }

  /** Frees the model and closes the metrics; the banks stay the caller's. */
  dispose(): void {
    this.captured?.dispose();
    for (const feed of Object.values(this.feeds)) feed?.dispose();
    this.model.dispose();
    this.metrics.close();
  }

  /** One step as the device sees it: the same launches every time, with what the host decides for each. */
  readonly body = (): void => {
    this.device.eachStep(() => this.prepareStep());
    scope(this.learn);
  };

  /** Hands the device the next step. */
  private recordStep(eager: boolean): void {
    if (eager) {
      this.body();
    } else {
      this.captured ??= this.capture();
      this.captured.replay();
    }
    this.step += 1;
  }

  /**
   * Captures the step, for which all its memory is taken: where there is too little, once more without what is kept for reuse.
   *
   * @throws OutOfMemoryError that names batch and size
   */
  private capture(): Capture {
    const { device, config } = this;
    try {
      return device.capture(this.body);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      device.trim();
    }
    try {
      return device.capture(this.body);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
      const { batchSize, cropSize, ngf, ndf } = config;
      throw new OutOfMemoryError(
        `${error.message} A step was to train at batch size ${batchSize} on crops of ${cropSize} × ${cropSize} px, by networks of ${ngf} and ${ndf} ` +
          'channels in their first layers.',
      );
    }
  }

  /** Sets the learning rate and the images of the next step. */
  private prepareStep(): void {
    const { config, model, length } = this;
    const epoch = this.epochOf(this.step + 1);
    if (this.plan.epoch !== epoch) {
      this.plan = { epoch, batches: planEpoch(config, this.banks.counts, epoch, this.banks) };
    }
    const batch = this.plan.batches[this.step % length.stepsPerEpoch];
    if (!batch) throw new Error(`Epoch ${epoch} has no batch for step ${this.step + 1}.`);
    model.lr = learningRate(config, length, epoch);
    const { own, domains, pairs } = this.feeds;
    own?.show(batch);
    if (batch.domains) domains?.show(batch.domains);
    if (batch.pairs) pairs?.show(batch.pairs);
  }

  /** Logs the losses that were asked for a step ago, and asks for the next when it is time; whether some were logged. */
  private async collectLosses(): Promise<boolean> {
    const arrived = await this.reading?.losses;
    if (arrived) this.logLosses(arrived);
    const { step, time } = this.lastRead;
    this.reading = null;
    if (this.step - step >= READ_STEPS || performance.now() - time >= READ_MILLISECONDS) {
      this.lastRead = { step: this.step, time: performance.now() };
      const losses = this.model.losses();
      losses.catch(() => {});
      this.reading = { losses };
    }
    return arrived !== undefined;
  }

  private epochOf(step: number): number {
    return Math.floor((step - 1) / this.length.stepsPerEpoch) + 1;
  }

  /** Whether something that happens every `interval` steps and at the end happens after the current one. */
  private isDue(interval: number): boolean {
    return interval > 0 && (this.step % interval === 0 || this.step === this.length.steps);
  }

  /** Appends losses to the metrics. @throws CyclopsError when one is not finite */
  private logLosses(losses: readonly Losses[]): void {
    const bad = losses.findIndex((step) => LOSS_NAMES.some((name) => !Number.isFinite(step[name])));
    const good = bad < 0 ? losses : losses.slice(0, bad);
    const first = this.loggedStep + 1;
    this.metrics.append(
      good.map((values, i) => {
        const epoch = this.epochOf(first + i);
        return { step: first + i, epoch, lr: learningRate(this.config, this.length, epoch), ...values };
      }),
    );
    this.loggedStep += good.length;
    this.lastLosses = good.at(-1) ?? this.lastLosses;
    const diverged = losses[bad];
    if (!diverged) return;
    const names = LOSS_NAMES.filter((name) => !Number.isFinite(diverged[name]));
    throw new CyclopsError(
      `Training diverged: at step ${this.loggedStep + 1} the losses ${names.join(', ')} are NaN or infinite. The last ` +
        `good checkpoint, after step ${this.savedStep ?? 0}, is kept in ${this.run.checkpoint}. Train again with a lower ` +
        '--lr or another --seed.',
    );
  }

  private async sample(): Promise<void> {
    makeFolder(this.run.samples);
    const name = `step-${String(this.step).padStart(6, '0')}.png`;
    await writeSamples(join(this.run.samples, name), this.model.networks, this.banks);
  }

  /** The metrics reach the disk first, so that a checkpoint never stands without the lines before it. */
  private async save(): Promise<void> {
    if (this.reading) this.logLosses(await this.reading.losses);
    this.reading = null;
    this.logLosses(await this.model.losses());
    this.metrics.sync();
    const { config, manifest, step, seconds } = this;
    const position = { step, stepsPerEpoch: this.length.stepsPerEpoch, poolDraws: this.poolDraws.position, seconds };
    const kernels = exportChoices(this.device, this.body);
    await saveCheckpoint(this.run.checkpoint, this.model, { config, manifest, position, kernels });
    this.savedStep = step;
  }

  private restore(perEpoch: number): void {
    const { head, files } = openCheckpoint(this.run.checkpoint);
    const { position, manifest, kernels } = head;
    if (position.stepsPerEpoch !== perEpoch) {
      throw new CyclopsError(
        `The checkpoint in ${this.run.checkpoint} was written with ${position.stepsPerEpoch} steps an epoch, these ` +
          `images give ${perEpoch}. Resume with the images that the run began with.`,
      );
    }
    restoreCheckpoint(files, this.device, this.model);
    if (manifest.device === this.device.info.name) this.goneKernels = importChoices(this.device, kernels);
    this.step = position.step;
    this.seconds = position.seconds;
    this.poolDraws.position = position.poolDraws;
    this.savedStep = position.step;
  }
}

/** What a step sees: an image of either domain, or a batch; further crops for the discriminators; images that were made and what they were made of. */
interface Feeds {
  own?: DomainFeed;
  domains?: DomainFeed | undefined;
  pairs?: DomainFeed | undefined;
}

/** How fast training goes and how long it still takes. */
class Clock {
  private readonly start = performance.now();

  constructor(
    private readonly firstStep: number,
    private readonly lastStep: number,
    private readonly imagesPerStep: number,
  ) {}

  get seconds(): number {
    return (performance.now() - this.start) / 1000;
  }

  progress(step: number, epoch: number, epochs: number, losses: Losses): TrainingProgress {
    const stepsPerSecond = (step - this.firstStep) / this.seconds;
    return {
      step,
      steps: this.lastStep,
      epoch,
      epochs,
      losses,
      imagesPerSecond: stepsPerSecond * this.imagesPerStep,
      secondsLeft: (this.lastStep - step) / stepsPerSecond,
    };
  }
}
