import type { Detector, ImageInput, Judgement, ScoreImageOptions } from '../../anomaly/detector/detector.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError, DeviceLostError } from '../../gpu/errors.ts';
import { MOST_LOSSES, standIn } from '../../workflow/common/despite-losses.ts';

/** An image with which the device is lost again and again, where it is there anew: the image may be what it does not survive. */
export class GivenUpError extends CyclopsError {
  override readonly name = 'GivenUpError';
}

/** So often an image is judged alone: a first loss may have had another reason. */
const TIMES_ALONE = 2;

/** Seconds from one try to open a device that does not come back to the next. */
export const RETRY_SECONDS = 5;

interface Opened {
  device: Device;
  detector: Detector;
  /** What it has in hand. */
  judging: Set<Promise<unknown>>;
}

interface LastingOptions {
  /** Opens the detector on a device, and judges an image to see that it works. */
  open: (device: Device) => Promise<Detector>;
  /** Is told that the device was lost, and what becomes of it. */
  onWarning: (text: string) => void;
  /** Is told once that the device does not come back, however many ask for it meanwhile. */
  onError: (error: DeviceLostError) => void;
}

/** A detector that outlives its device: where that is lost it is opened anew, and what was in hand is judged anew. */
export class LastingDetector {
  /** Name of the score that decides. */
  readonly by: string;
  /** An image is flagged when its score is at least this. */
  readonly threshold: number;
  private current: Promise<Opened>;
  /** Images that were in hand when the device was lost are judged one by one, so that the one that does it is found. */
  private alone: Promise<unknown> = Promise.resolve();
  private broken = false;
  private isDisposed = false;

  private constructor(
    private readonly own: Device,
    private readonly options: LastingOptions,
    first: Opened,
  ) {
    this.by = first.detector.by;
    this.threshold = first.detector.threshold;
    this.current = Promise.resolve(first);
  }

  /** @param device stays the caller's @throws what `open` throws, a DeviceLostError when the device is lost again and again */
  static async open(device: Device, options: LastingOptions): Promise<LastingDetector> {
    const { open, onWarning } = options;
    const first = await opened(device, open).catch((error) => {
      if (!(error instanceof DeviceLostError)) throw error;
      onWarning(`${error.message} It is opened anew.`);
      return openedAnew(device, open);
    });
    return new LastingDetector(device, options, first);
  }

  /** Whether the device was lost and could not be opened anew: nothing is judged until it can. */
  get isBroken(): boolean {
    return this.broken;
  }

  /**
   * Judges an image.
   *
   * @throws GivenUpError when the device is lost again and again, DeviceLostError while it does not come back, and what the detector throws
   */
  async score(image: ImageInput, wanted: ScoreImageOptions): Promise<Judgement> {
    await this.turn();
    try {
      return await this.judge(image, wanted);
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
    }
    const again = this.alone.then(() => this.judgeAlone(image, wanted));
    this.alone = again.catch(() => {});
    return await again;
  }

  async dispose(): Promise<void> {
    this.isDisposed = true;
    const opened = await this.current.catch(() => null);
    if (opened) this.close(opened);
  }

  /** Waits until the device is there, and no image is judged alone. */
  private async turn(): Promise<void> {
    await this.current;
    for (let last: unknown; last !== this.alone; ) {
      last = this.alone;
      await last;
    }
  }

  private async judgeAlone(image: ImageInput, wanted: ScoreImageOptions): Promise<Judgement> {
    for (let times = 0; times < TIMES_ALONE; times++) {
      try {
        return await this.judge(image, wanted);
      } catch (error) {
        if (!(error instanceof DeviceLostError) || this.broken) throw error;
      }
    }
    throw new GivenUpError(
      'The device was lost again and again while it judged this image. Score it by itself, or start the server with --tile.',
    );
  }

  private async judge(image: ImageInput, wanted: ScoreImageOptions): Promise<Judgement> {
    const before = this.current;
    const opened = await before;
    const { detector, judging } = opened;
    const judgement = detector.score(image, wanted);
    judging.add(judgement);
    try {
      return await judgement;
    } catch (error) {
      // The first that is told of it replaces the device, before anyone else is told; the others wait for the same.
      if (error instanceof DeviceLostError && this.current === before) {
        this.current = this.replaced(opened, error);
        this.current.catch(() => {});
      }
      throw error;
    } finally {
      judging.delete(judgement);
    }
  }

  /** @throws DeviceLostError when it does not come back */
  private async replaced(lost: Opened, { message }: DeviceLostError): Promise<Opened> {
    const { open, onWarning, onError } = this.options;
    onWarning(`${message} It is opened anew, and what was in hand is judged anew.`);
    void Promise.allSettled(lost.judging).then(() => this.close(lost));
    try {
      return await openedAnew(this.own, open);
    } catch (error) {
      const reason = error instanceof Error ? error.message : error;
      const broken = new DeviceLostError(
        `${reason} It is tried again every ${RETRY_SECONDS} seconds, and images are refused until it is there.`,
      );
      this.broken = true;
      onError(broken);
      void this.comeBack();
      throw broken;
    }
  }

  /** Tries to open the device now and then, until it does. */
  private async comeBack(): Promise<void> {
    const { open, onWarning } = this.options;
    while (this.broken) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * RETRY_SECONDS).unref());
      if (this.isDisposed) return;
      // Why it does not was told when it did not the first time.
      const anew = await openedAnew(this.own, open, []).catch(() => null);
      if (!anew) continue;
      if (this.isDisposed) return this.close(anew);
      this.current = Promise.resolve(anew);
      this.broken = false;
      onWarning('The device is open again, and images are judged as before.');
    }
  }

  private close({ device, detector }: Opened): void {
    detector.dispose();
    if (device !== this.own) device.close();
  }
}

async function opened(device: Device, open: LastingOptions['open']): Promise<Opened> {
  return { device, detector: await open(device), judging: new Set() };
}

/** @param waits as for `standIn` @throws DeviceLostError when it is lost again and again or does not open, and what `open` throws */
async function openedAnew(own: Device, open: LastingOptions['open'], waits?: readonly number[]): Promise<Opened> {
  for (let losses = 1; ; losses++) {
    const device = await standIn(own, waits);
    try {
      return await opened(device, open);
    } catch (error) {
      device.close();
      if (!(error instanceof DeviceLostError) || losses === MOST_LOSSES) throw error;
    }
  }
}
