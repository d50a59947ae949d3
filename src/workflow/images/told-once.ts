import { type PassedOver, passOver, type Reason } from '../../data/datasets/passed-over.ts';

/** Of what is passed over in a folder that is looked at again and again: each once, and nothing that lies there for a moment only. */
export class ToldOnce {
  /** Since when each has been there, in ms; infinity once it was told. */
  readonly #since = new Map<string, number>();
  readonly #patience: number;

  /** @param patience in ms: a writer's file that takes its name later is gone by then */
  constructor(patience: number) {
    this.#patience = patience;
  }

  /** What is to be told now. @param now in ms @param isFirst everything, since nobody has just put it there */
  news(passed: PassedOver, now: number, isFirst: boolean): PassedOver {
    const news: PassedOver = {};
    const there = new Set<string>();
    for (const [reason, paths] of Object.entries(passed) as [Reason, string[]][]) {
      for (const path of paths) {
        there.add(path);
        const since = this.#since.get(path) ?? now;
        const isDue = isFirst || now - since >= this.#patience;
        if (isDue) passOver(news, reason, [path]);
        this.#since.set(path, isDue ? Number.POSITIVE_INFINITY : since);
      }
    }
    for (const path of this.#since.keys()) if (!there.has(path)) this.#since.delete(path);
    return news;
  }
}
