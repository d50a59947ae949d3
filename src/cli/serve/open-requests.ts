import type { NextFunction, Request, Response } from 'express';

/** How long a body may still come in once the server ends. */
const UPLOAD_MS = 5000;

/** Requests from their head on, before the body takes memory, until they are answered or the client is gone. */
export class OpenRequests {
  private readonly uploading = new Set<Request>();
  private readonly idle: (() => void)[] = [];
  private count = 0;
  private isEnding = false;

  /**
   * @param room how many there may be
   * @param refuse answers one that is too many, or too late
   */
  constructor(
    private readonly room: number,
    private readonly refuse: (response: Response, why: 'full' | 'ending') => void,
  ) {}

  get length(): number {
    return this.count;
  }

  /** In front of the body. */
  readonly admit = (request: Request, response: Response, next: NextFunction): void => {
    if (this.isEnding || this.count >= this.room) {
      this.refuse(response, this.isEnding ? 'ending' : 'full');
      return;
    }
    this.count += 1;
    this.uploading.add(request);
    response.once('close', () => {
      this.count -= 1;
      this.uploading.delete(request);
      if (this.count === 0) for (const resolve of this.idle.splice(0)) resolve();
    });
    next();
  };

  /** Behind the body. */
  readonly received = (request: Request, _: Response, next: NextFunction): void => {
    this.uploading.delete(request);
    next();
  };

  /** Admits no more. @returns when all are answered; those whose body does not come are cut off */
  async end(): Promise<void> {
    this.isEnding = true;
    const cutOff = setTimeout(() => {
      for (const { socket } of this.uploading) socket.destroy();
    }, UPLOAD_MS);
    if (this.count > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
    clearTimeout(cutOff);
  }
}
