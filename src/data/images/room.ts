/**
 * Memory that images share while they are decoded and wait to be used. Whoever came first may take what it needs, however much that is, so
 * that work goes on; the others wait, in their order, until there is room.
 */
export class Room {
  private readonly claims: Claim[] = [];

  /** @param bytes what may be in use at once, but for one image that needs more */
  constructor(private readonly bytes: number) {}

  /** A share of the room for one image, of nothing yet. */
  claim(): Claim {
    const claim = new Claim(() => this.settle(claim));
    this.claims.push(claim);
    return claim;
  }

  private settle(changed: Claim): void {
    if (changed.isReleased) this.claims.splice(this.claims.indexOf(changed), 1);
    let used = this.claims.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const claim of this.claims) {
      if (claim.wanted === 0) continue;
      const fits = used + claim.wanted <= this.bytes || claim === this.claims[0];
      if (!fits) return;
      used += claim.wanted;
      claim.grant();
    }
  }
}

/** What one image takes of a room. */
export class Claim {
  /** In use. */
  bytes = 0;
  /** Asked for, and not there yet. */
  wanted = 0;
  isReleased = false;
  private granted: () => void = () => {};

  constructor(private readonly onChange: () => void) {}

  /** Waits until there is room for so many bytes more. One call at a time. */
  readonly take = (bytes: number): Promise<void> => {
    const settled = new Promise<void>((resolve) => {
      this.granted = resolve;
    });
    this.wanted = bytes;
    if (bytes === 0) this.granted();
    else this.onChange();
    return settled;
  };

  /** Gives back what is more than this. */
  keep(bytes: number): void {
    this.bytes = bytes;
    this.onChange();
  }

  release(): void {
    if (this.isReleased) return;
    this.isReleased = true;
    this.onChange();
  }

  grant(): void {
    this.bytes += this.wanted;
    this.wanted = 0;
    this.granted();
  }
}

/** Asks for memory, in bytes, and waits until there is room for it. */
export type Take = Claim['take'];
