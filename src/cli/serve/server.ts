import type { Server } from 'node:http';
import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import type { Judgement, ScoreImageOptions } from '../../anomaly/detector/detector.ts';
import { toByteImage } from '../../data/images/decoded-image.ts';
import { encodePngAsync, signPng } from '../../data/images/png.ts';
import { CyclopsError, DeviceLostError } from '../../gpu/errors.ts';
import { overlayHeatmap } from '../../report/parts/heatmap-overlay.ts';
import { bareServer } from './bare-http.ts';
import { GivenUpError, type LastingDetector, RETRY_SECONDS } from './lasting-detector.ts';
import { Metrics, type Outcome } from './metrics.ts';
import { OpenRequests, type Refusal } from './open-requests.ts';
import { WorkQueue } from './work-queue.ts';

/** How many images are decoded and judged at once: the device judges together what waits for it. */
const AT_ONCE = 16;

/** How long what a client sends in spite of its answer is still taken. */
const LINGER_MS = 2000;

/** After how long without a byte of its answer that a client takes it is given up. */
const UNREAD_MS = 30_000;

const BROKEN =
  'The device is lost, and could not be opened anew yet. It is tried again every few seconds: ask again later.';

const ENDING = 'The server is about to end.';

export interface ServerOptions {
  /** The most images that come in, wait and are in hand; more are refused with 429. */
  queue: number;
  /** The most bytes of an image file. */
  maxBytes: number;
  /** Sees the bytes of each file that is to be judged. */
  onBytes: (bytes: Uint8Array) => void;
  /** Takes an error that is no fault of a request, but for a lost device, which the detector tells of. */
  onError: (error: unknown) => void;
}

/** Nobody waits for the answer any more. */
class ClientGone extends Error {}

/** A request that cannot be answered with a judgement, and why. */
class RefusedError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** A detector behind HTTP. */
export interface DetectorServer {
  server: Server;
  /** Takes no more images. @returns when those that have come are answered */
  end(): Promise<void>;
}

/**
 * Answers requests with a detector.
 *
 * - `POST /score`, the bytes of an image file: JSON with flag, score and threshold; `POST /score?scores=all`: with every score;
 * - `POST /heatmap`, likewise: the picture with its heat map laid over it, as PNG, the judgement in headers;
 * - `GET /healthz`: 200 while there is a device; `GET /metrics`: in Prometheus' format.
 */
export function detectorServer(
  detector: LastingDetector,
  { queue: room, maxBytes, onBytes, onError }: ServerOptions,
): DetectorServer {
  const queue = new WorkQueue(AT_ONCE);
  const metrics = new Metrics();
  const app = express();
  app.disable('x-powered-by');
  const body = express.raw({ type: () => true, limit: maxBytes });
  const refuse = (request: Request, response: Response, why: Refusal) => {
    metrics.note('refused');
    const { status, text } = refusalOf(why, room, maxBytes);
    if (status === 429) response.set('Retry-After', '1');
    answerError(request, response, status, text);
  };
  const requests = new OpenRequests({ room, maxBytes, refuse });
  // What is asked is known before the body comes.
  const image = (parameters: Readonly<Record<string, readonly string[]>>): RequestHandler[] => [
    (request, _, next) => {
      requireParameters(request, parameters);
      next();
    },
    ...[requests.admit, body, requests.received],
  ];
  const judge = (request: Request, response: Response, wanted: ScoreImageOptions): Promise<Judgement> =>
    queue.run(() => {
      if (response.closed) throw new ClientGone();
      const bytes = bytesOf(request);
      onBytes(bytes);
      return detector.score(bytes, wanted);
    });
  const noteJudged = (flagged: boolean, began: number) =>
    metrics.note(flagged ? 'flagged' : 'passed', (performance.now() - began) / 1000);
  app.post('/score', image({ scores: ['all'] }), async (request: Request, response: Response) => {
    const allScores = request.query.scores === 'all';
    const began = performance.now();
    const { flagged, score, threshold, scores } = await judge(request, response, {
      pictures: false,
      allScores,
      unlike: false,
    });
    noteJudged(flagged, began);
    response.json({ flagged, score, threshold, by: detector.by, ...(allScores && { scores }) });
  });
  app.post('/heatmap', image({}), async (request: Request, response: Response) => {
    const began = performance.now();
    const { heatMap, original, flagged, score, threshold } = await judge(request, response, {
      allScores: false,
      unlike: false,
    });
    if (!heatMap || !original || heatMap.threshold === null)
      throw new RefusedError(409, 'This model has no calibrated heat map. Calibrate its run with this version.');
    const picture = toByteImage(original);
    const { floor } = heatMap;
    const painted = overlayHeatmap(picture, heatMap, { floor, threshold: heatMap.threshold });
    const file = signPng(await encodePngAsync(picture.width, picture.height, 3, painted));
    noteJudged(flagged, began);
    giveUpUnread(response);
    response
      .set({ 'X-Flagged': `${flagged}`, 'X-Score': `${score}`, 'X-Threshold': `${threshold}`, 'X-Map': heatMap.map })
      .type('png')
      .send(file);
  });
  app.get('/healthz', (_, response) => {
    const ailment = detector.isBroken ? BROKEN : requests.isClosed ? ENDING : null;
    response.status(ailment === null ? 200 : 503).json(ailment === null ? { ok: true } : { error: ailment });
  });
  app.get('/metrics', (_, response) => {
    response.type('text/plain; version=0.0.4').send(metrics.text(requests.length));
  });
  app.use((request, response) => {
    response.status(404).json({
      error: `There is no ${request.method} ${request.path}: POST /score and /heatmap, GET /healthz and /metrics are answered.`,
    });
  });
  const onFault: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    if (error instanceof ClientGone || response.closed || response.headersSent) return;
    const { status, text, outcome } = faultOf(error, maxBytes);
    metrics.note(outcome);
    if (error instanceof DeviceLostError) response.set('Retry-After', `${RETRY_SECONDS}`);
    // The detector itself tells when the device is lost, and not for each image.
    else if (status >= 500) onError(error);
    answerError(request, response, status, text);
  };
  app.use(onFault);
  return { server: bareServer(app), end: () => requests.end() };
}

/**
 * Tells a client what is wrong. Where its body is not here whole, the connection is closed, but not at once: closed with bytes in it that
 * nobody has read, it would take the answer with it.
 */
function answerError(request: Request, response: Response, status: number, error: string): void {
  response.status(status);
  if (request.complete) return void response.json({ error });
  const answer = Buffer.from(JSON.stringify({ error }));
  response
    .set({ Connection: 'close', 'Content-Length': `${answer.length}` })
    .type('json')
    .write(answer);
  const close = () => {
    clearTimeout(lingering);
    response.end();
  };
  const lingering = setTimeout(close, LINGER_MS);
  request.once('close', close).resume();
}

/** Cuts a client off that takes nothing of a large answer for a while, since others wait for its place. */
function giveUpUnread({ socket }: Response): void {
  socket?.setTimeout(UNREAD_MS, () => socket.destroy());
}

/** @throws RefusedError for a parameter or a value that is not known, so that nobody takes what comes for what was asked */
function requireParameters({ query }: Request, known: Readonly<Record<string, readonly string[]>>): void {
  for (const [name, value] of Object.entries(query)) {
    const values = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!values) {
      const names = Object.keys(known);
      const expected = names.length === 0 ? 'none is known here' : `expected only ${names.join(', ')}`;
      const given = JSON.stringify(name.slice(0, 40));
      throw new RefusedError(400, `There is no parameter ${given}; ${expected}. Leave it out.`);
    }
    if (typeof value !== 'string' || !values.includes(value)) {
      const expected = values.map((text) => `\`${text}\``).join(' or ');
      throw new RefusedError(400, `The parameter ${name} may be ${expected}. Leave it out for what comes without it.`);
    }
  }
}

function bytesOf({ body, headers }: Request): Uint8Array {
  if (/^multipart\//i.test(headers['content-type'] ?? ''))
    throw new RefusedError(
      415,
      'This is a form: expected the bytes of an image file alone. Send it by --data-binary @FILE.',
    );
  if (body instanceof Uint8Array && body.length > 0) return body;
  throw new CyclopsError(
    'The request has no body: expected the bytes of an image file. Send it by --data-binary @FILE.',
  );
}

function refusalOf(why: Refusal, room: number, maxBytes: number): { status: number; text: string } {
  switch (why) {
    case 'full':
      return { status: 429, text: `${room} images are waiting already. Try again in a second.` };
    case 'ending':
      return { status: 503, text: ENDING };
    case 'large':
      return { status: 413, text: `An image file may have ${maxBytes} bytes at most. Send a smaller one.` };
    case 'stalled':
      return { status: 408, text: 'Nothing more of the image came for a while. Send it again.' };
  }
}

/** What a client is told, and what is counted. Nobody outside is told what went wrong inside. */
function faultOf(error: unknown, maxBytes: number): { status: number; text: string; outcome: Outcome } {
  if (error instanceof DeviceLostError) return { status: 503, text: BROKEN, outcome: 'failed' };
  if (error instanceof GivenUpError) return { status: 503, text: error.message, outcome: 'failed' };
  if (error instanceof RefusedError) return { status: error.status, text: error.message, outcome: 'refused' };
  if (error instanceof CyclopsError) return { status: 400, text: error.message, outcome: 'unreadable' };
  const status = error instanceof Error && 'status' in error ? error.status : 500;
  // A body that is unpacked as it comes.
  if (status === 413) return { ...refusalOf('large', 0, maxBytes), outcome: 'refused' };
  if (typeof status === 'number' && status >= 400 && status < 500) {
    const text = 'The request is not complete, or encoded in a way that is not known.';
    return { status, text, outcome: 'refused' };
  }
  return { status: 500, text: 'Something went wrong here; the log of the server says what.', outcome: 'failed' };
}
