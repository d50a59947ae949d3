import type { NextFunction, Request, Response } from 'express';

/** How long a body may still come in once the server ends. */
const UPLOAD_MS = 5000;

/** After how long without a byte of its body a request is given up. */
const STALL_MS = 30_000;

/** Why a request is not let in, or is put out: too many are open, the server ends, its body has too many bytes, or does not go on. */
export type Refusal = 'full' | 'ending' | 'large' | 'stalled';

interface OpenRequestsOptions {
  /** How many there may be. */
  room: number;
  /** The most bytes of a body. */
  maxBytes: number;
  /** Answers one that is refused, and closes its connection. */
  refuse: (request: Request, response: Response, why: Refusal) => void;
}

/** Requests from their head on, before the body takes memory, until they are answered or the client is gone. */
export class OpenRequests {
  private readonly open = new Set<Request>();
  private readonly uploading = new Map<Request, NodeJS.Timeout>();
  private readonly idle: (() => void)[] = [];
  private isEnding = false;

  constructor(private readonly options: OpenRequestsOptions) {}

  /** Whether no more are admitted. */
  get isClosed(): boolean {
    return this.isEnding;
  }

  get length(): number {
    return this.open.size;
  }

  /** In front of the body, which a client that asks first is told to send. */
  readonly admit = (request: Request, response: Response, next: NextFunction): void => {
    const why = this.whyNot(request);
    if (why) {
      this.options.refuse(request, response, why);
      return;
    }
    this.open.add(request);
    const { socket } = request;
    // A response that waits behind others of its connection is not closed with it.
    const leave = () => {
      socket.off('close', leave);
      this.leave(request);
    };
    response.once('close', leave);
    socket.once('close', leave);
    this.watch(request, response);
    if (request.headers.expect !== undefined && request.httpVersion !== '1.0') response.writeContinue();
    next();
  };

  /** Behind the body. */
  readonly received = (request: Request, response: Response, next: NextFunction): void => {
    this.unwatch(request);
    if (!response.headersSent) next();
  };

  /** Admits no more. @returns when all are answered; those whose body does not come are cut off */
  async end(): Promise<void> {
    this.isEnding = true;
    const cutOff = setTimeout(() => {
      for (const { socket } of this.uploading.keys()) socket.destroy();
    }, UPLOAD_MS);
    if (this.open.size > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
    clearTimeout(cutOff);
  }

  private whyNot({ headers }: Request): Refusal | null {
    if (Number(headers['content-length'] ?? 0) > this.options.maxBytes) return 'large';
    if (this.isEnding) return 'ending';
    return this.open.size >= this.options.room ? 'full' : null;
  }

  /** Puts a request out whose body stalls, or turns out to be too large where its head did not say so. */
  private watch(request: Request, response: Response): void {
    const putOut = (why: Refusal) => {
      this.leave(request);
      if (!response.headersSent) this.options.refuse(request, response, why);
    };
    const stall = setTimeout(() => putOut('stalled'), STALL_MS);
    this.uploading.set(request, stall);
    let bytes = 0;
    request.on('data', (chunk: Uint8Array) => {
      bytes += chunk.length;
      stall.refresh();
      if (bytes > this.options.maxBytes && this.uploading.has(request)) putOut('large');
    });
  }

  private unwatch(request: Request): void {
    clearTimeout(this.uploading.get(request));
    this.uploading.delete(request);
  }

  private leave(request: Request): void {
    this.unwatch(request);
    this.open.delete(request);
    if (this.open.size === 0) for (const resolve of this.idle.splice(0)) resolve();
  }
}
