import type { Detector, ImageInput, Judgement, ScoreImageOptions } from '../../anomaly/detector/detector.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError, DeviceLostError } from '../../gpu/errors.ts';
import { MOST_LOSSES, standIn } from '../../workflow/common/despite-losses.ts';

/** An image on which the device was lost twice, where it is there again: the image may be what it does not survive. */
export class GivenUpError extends CyclopsError {
  override readonly name = 'GivenUpError';
}

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

  private constructor(
    private readonly own: Device,
    private readonly options: LastingOptions,
    first: Opened,
  ) {
    this.by = first.detector.by;
    this.threshold = first.detector.threshold;
    this.current = Promise.resolve(first);
  }

  /** @param device stays the caller's @throws what `open` throws */
  static async open(device: Device, options: LastingOptions): Promise<LastingDetector> {
    const detector = await options.open(device);
    return new LastingDetector(device, options, { device, detector, judging: new Set() });
  }

  /** Whether the device was lost and could not be opened anew: nothing is judged any more. */
  get isBroken(): boolean {
    return this.broken;
  }

  /**
   * Judges an image.
   *
   * @throws GivenUpError when the device is lost a second time, DeviceLostError when it does not come back, and what the detector throws
   */
  async score(image: ImageInput, wanted: ScoreImageOptions): Promise<Judgement> {
    try {
      return await this.judge(image, wanted);
    } catch (error) {
      if (!(error instanceof DeviceLostError) || this.broken) throw error;
    }
    const again = this.alone.then(() => this.judge(image, wanted));
    this.alone = again.catch(() => {});
    try {
      return await again;
    } catch (error) {
      if (!(error instanceof DeviceLostError) || this.broken) throw error;
      throw new GivenUpError(
        'The device was lost twice while it judged this image. Score it by itself, or start the server with --tile.',
      );
    }
  }

  async dispose(): Promise<void> {
    const opened = await this.current.catch(() => null);
    if (opened) await this.close(opened);
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

  /** @throws DeviceLostError when it is lost again and again */
  private async replaced(lost: Opened, { message }: DeviceLostError): Promise<Opened> {
    const { open, onWarning } = this.options;
    onWarning(`${message} It is opened anew, and what was in hand is judged anew.`);
    void Promise.allSettled(lost.judging).then(() => this.close(lost));
    for (let losses = 1; ; losses++) {
      let device: Device | null = null;
      try {
        device = await standIn(this.own);
        return { device, detector: await open(device), judging: new Set() };
      } catch (error) {
        device?.close();
        if (error instanceof DeviceLostError && losses < MOST_LOSSES) continue;
        this.broken = true;
        onWarning(`The device could not be opened anew: ${error instanceof Error ? error.message : error}`);
        throw error instanceof DeviceLostError ? error : new DeviceLostError(message);
      }
    }
  }

  private async close({ device, detector }: Opened): Promise<void> {
    detector.dispose();
    if (device !== this.own) device.close();
  }
}
