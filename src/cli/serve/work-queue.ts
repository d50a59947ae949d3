/** More work is waiting than there is room for. */
export class QueueFull extends Error {}

/** Does so many pieces of work at once, begins them in order, and lets no more than so many wait. */
export class WorkQueue {
  private readonly waiting: (() => void)[] = [];
  private readonly idle: (() => void)[] = [];
  private count = 0;
  private inHand = 0;

  /** @param room how many pieces may be in hand and waiting @param atOnce how many of them in hand */
  constructor(
    private readonly room: number,
    private readonly atOnce: number,
  ) {}

  /** How many pieces are in hand and waiting. */
  get length(): number {
    return this.count;
  }

  /** @returns what `work` does, when its turn has come @throws QueueFull at once */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.count >= this.room) throw new QueueFull();
    this.count += 1;
    if (this.inHand < this.atOnce) this.inHand += 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await work();
    } finally {
      this.count -= 1;
      const next = this.waiting.shift();
      // The place in hand is handed on.
      if (next) next();
      else this.inHand -= 1;
      if (this.count === 0) for (const resolve of this.idle.splice(0)) resolve();
    }
  }

  /** When all that is in hand and waiting now is done. */
  async settled(): Promise<void> {
    if (this.count > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }
}
