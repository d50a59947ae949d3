import type { Detector } from '../../anomaly/detector/detector.ts';
import { CyclopsError, DeviceLostError } from '../../gpu/errors.ts';
import { type Entry, keptHeat } from './entry.ts';

/** How many images are read at once: the device judges together those that have one size. */
const AT_ONCE = 8;

/** Judges what is given to it, in that order. */
export class Judge {
  private readonly waiting: Entry[] = [];
  private inHand = 0;

  /** @param onDone is told of each, and of nothing after the device was lost @param onLost of that, once */
  constructor(
    private readonly detector: Detector,
    private readonly onDone: (entry: Entry) => void,
    private readonly onLost: (reason: string) => void,
  ) {}

  add(entries: readonly Entry[]): void {
    this.waiting.push(...entries);
    this.take();
  }

  /** Judges no more of what waits. */
  stop(): void {
    this.waiting.length = 0;
  }

  private take(): void {
    while (this.inHand < AT_ONCE) {
      const entry = this.waiting.shift();
      if (!entry) return;
      this.inHand += 1;
      void this.judge(entry).then(() => {
        this.inHand -= 1;
        this.take();
      });
    }
  }

  private async judge(entry: Entry): Promise<void> {
    try {
      const bytes = new Uint8Array(await entry.file.arrayBuffer());
      const { flagged, score, unlike, heatMap } = await this.detector.score(bytes, { allScores: false });
      entry.verdict = { flagged, score, unlike: unlike ?? [], heat: heatMap && keptHeat(heatMap) };
    } catch (error) {
      if (error instanceof DeviceLostError) {
        this.stop();
        this.onLost(error.message);
        return;
      }
      entry.error = error instanceof CyclopsError ? error.message : `It cannot be read: ${String(error)}`;
    }
    this.onDone(entry);
  }
}
