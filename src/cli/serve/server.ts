import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Judgement, ScoreImageOptions } from '../../anomaly/detector/detector.ts';
import { toByteImage } from '../../data/images/decoded-image.ts';
import { encodePngAsync, signPng } from '../../data/images/png.ts';
import { CyclopsError, DeviceLostError } from '../../gpu/errors.ts';
import { overlayHeatmap } from '../../report/parts/heatmap-overlay.ts';
import { GivenUpError, type LastingDetector } from './lasting-detector.ts';
import { Metrics } from './metrics.ts';
import { OpenRequests } from './open-requests.ts';
import { WorkQueue } from './work-queue.ts';

/** How many images are decoded and judged at once: the device judges together what waits for it. */
const AT_ONCE = 16;

const BROKEN = 'The device is lost, and could not be opened anew. Start the server again.';

export interface ServerOptions {
  /** The most images that come in, wait and are in hand; more are refused with 429. */
  queue: number;
  /** The most bytes of an image file. */
  maxBytes: number;
  /** Takes an error that is no fault of a request. */
  onError: (error: unknown) => void;
}

/** Nobody waits for the answer any more. */
class ClientGone extends Error {}

/** A detector behind HTTP. */
export interface DetectorServer {
  app: Express;
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
  { queue: room, maxBytes, onError }: ServerOptions,
): DetectorServer {
  const queue = new WorkQueue(AT_ONCE);
  const metrics = new Metrics();
  const app = express();
  app.disable('x-powered-by');
  const body = express.raw({ type: () => true, limit: maxBytes });
  const requests = new OpenRequests(room, (response, why) => {
    metrics.note('refused');
    const isFull = why === 'full';
    response
      .status(isFull ? 429 : 503)
      .set(isFull ? 'Retry-After' : 'Connection', isFull ? '1' : 'close')
      .json({
        error: isFull ? `${room} images are waiting already. Try again in a second.` : 'The server is about to end.',
      });
  });
  const image: RequestHandler[] = [requests.admit, body, requests.received];
  const judge = async (request: Request, response: Response, wanted: ScoreImageOptions): Promise<Judgement> => {
    const began = performance.now();
    const judgement = await queue.run(() => {
      if (response.closed) throw new ClientGone();
      return detector.score(bytesOf(request), wanted);
    });
    metrics.note(judgement.flagged ? 'flagged' : 'passed', (performance.now() - began) / 1000);
    return judgement;
  };
  app.post('/score', image, async (request: Request, response: Response) => {
    const allScores = wantsAll(request);
    const { flagged, score, threshold, scores } = await judge(request, response, {
      pictures: false,
      allScores,
      unlike: false,
    });
    response.json({ flagged, score, threshold, by: detector.by, ...(allScores && { scores }) });
  });
  app.post('/heatmap', image, async (request: Request, response: Response) => {
    const { heatMap, original, flagged, score, threshold } = await judge(request, response, {
      allScores: false,
      unlike: false,
    });
    if (!heatMap || !original || heatMap.threshold === null) {
      response
        .status(409)
        .json({ error: 'This model has no calibrated heat map. Calibrate its run with this version.' });
      return;
    }
    const picture = toByteImage(original);
    const { floor } = heatMap;
    const painted = overlayHeatmap(picture, heatMap, { floor, threshold: heatMap.threshold });
    const file = signPng(await encodePngAsync(picture.width, picture.height, 3, painted));
    response
      .set({ 'X-Flagged': `${flagged}`, 'X-Score': `${score}`, 'X-Threshold': `${threshold}`, 'X-Map': heatMap.map })
      .type('png')
      .send(file);
  });
  app.get('/healthz', (_, response) => {
    const { isBroken } = detector;
    response.status(isBroken ? 503 : 200).json(isBroken ? { error: BROKEN } : { ok: true });
  });
  app.get('/metrics', (_, response) => {
    response.type('text/plain; version=0.0.4').send(metrics.text(requests.length));
  });
  app.use((request, response) => {
    response.status(404).json({
      error: `There is no ${request.method} ${request.path}: POST /score and /heatmap, GET /healthz and /metrics are answered.`,
    });
  });
  const onFault: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
    if (error instanceof ClientGone) return;
    const { status, text } = faultOf(error, maxBytes);
    if (status === 400) metrics.note('unreadable');
    if (status >= 500) onError(error);
    response.status(status).json({ error: text });
  };
  app.use(onFault);
  return { app, end: () => requests.end() };
}

/** @throws CyclopsError for another value than `all` */
function wantsAll({ query: { scores } }: Request): boolean {
  if (scores === undefined || scores === 'all') return scores === 'all';
  throw new CyclopsError('The parameter scores may be `all`. Leave it out for the score that decides alone.');
}

function bytesOf({ body }: Request): Uint8Array {
  if (body instanceof Uint8Array && body.length > 0) return body;
  throw new CyclopsError(
    'The request has no body: expected the bytes of an image file. Send it by --data-binary @FILE.',
  );
}

/** What a client is told. Nobody outside is told what went wrong inside. */
function faultOf(error: unknown, maxBytes: number): { status: number; text: string } {
  if (error instanceof DeviceLostError) return { status: 503, text: BROKEN };
  if (error instanceof GivenUpError) return { status: 503, text: error.message };
  if (error instanceof CyclopsError) return { status: 400, text: error.message };
  const status = error instanceof Error && 'status' in error ? error.status : 500;
  if (status === 413) return { status, text: `An image file may have ${maxBytes} bytes at most. Send a smaller one.` };
  if (typeof status === 'number' && status >= 400 && status < 500)
    return { status, text: 'The request is not complete, or encoded in a way that is not known.' };
  return { status: 500, text: 'Something went wrong here; the log of the server says what.' };
}
