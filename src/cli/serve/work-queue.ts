/** Does so many pieces of work at once, and begins them in order. */
export class WorkQueue {
  private readonly waiting: (() => void)[] = [];
  private inHand = 0;

  constructor(private readonly atOnce: number) {}

  /** @returns what `work` does, when its turn has come */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.inHand < this.atOnce) this.inHand += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      // The place in hand is handed on.
      if (next) next();
      else this.inHand -= 1;
    }
  }
}
