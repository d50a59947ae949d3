/** More work is waiting than there is room for. */
export class QueueFull extends Error {}

/** Does one piece of work after another, and lets no more than so many wait. */
export class WorkQueue {
  private last: Promise<unknown> = Promise.resolve();
  private count = 0;

  /** @param room how many pieces may be in hand and waiting */
  constructor(private readonly room: number) {}

  /** How many pieces are in hand and waiting. */
  get length(): number {
    return this.count;
  }

  /** @returns what `work` does, when its turn has come @throws QueueFull at once */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.count >= this.room) throw new QueueFull();
    this.count += 1;
    const turn = this.last.then(work);
    // Whoever asked for it is told what went wrong.
    this.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      this.count -= 1;
    }
  }

  /** When all that is in hand and waiting now is done. */
  async settled(): Promise<void> {
    await this.last;
  }
}
