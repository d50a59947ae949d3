import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Command } from 'commander';
import { Detector } from '../../anomaly/detector/detector.ts';
import { sharpFormat } from '../../data/images/sharp.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { visibleLines } from '../../report/parts/visible.ts';
import { readModelFile } from '../../workflow/common/model.ts';
import { UsageError } from '../../workflow/common/usage-error.ts';
import { otherDecoderWatch } from '../../workflow/images/other-decoder.ts';
import { wrap } from '../failure.ts';
import { catchInterrupt } from '../interrupt.ts';
import { addCommonOptions, addTileOption, type CommonFlags, MAP_OPTION, toNumber, withDevice } from '../options.ts';
import { LastingDetector } from '../serve/lasting-detector.ts';

interface ServeOptions extends CommonFlags {
  host: string;
  port: number;
  queue: number;
  maxBytes: number;
  by?: string;
  threshold?: number;
  map?: string;
  tile?: number;
}

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('judge images that programs send by HTTP: POST the bytes of a file to /score or /heatmap')
    .argument('<model>', 'model.safetensors, or the folder that train wrote')
    .option('--host <address>', 'where to listen; 0.0.0.0 for every network, without any protection', '127.0.0.1')
    .option('--port <number>', '0 for any that is free', toNumber, 8080)
    .option(
      '--queue <number>',
      'the most images that come in, wait and are in hand; more are refused with 429',
      toNumber,
      64,
    )
    .option('--max-bytes <number>', 'the most bytes of an image file', toNumber, 2 ** 26)
    .option('--by <score>', 'the score that decides (default: the one that calibration chose)')
    .option('--threshold <number>', 'flag from this score on instead of the calibrated threshold', toNumber)
    .option('--map <name>', MAP_OPTION);
  addTileOption(command);
  addCommonOptions(command).action(serve);
}

async function serve(path: string, options: ServeOptions): Promise<void> {
  const { host, port, queue, maxBytes, by, threshold, map, tile, quiet = false } = options;
  requireWhole('--port', port, 0, 65535);
  requireWhole('--queue', queue, 1, 100_000);
  requireWhole('--max-bytes', maxBytes, 1, 2 ** 31 - 1);
  const { source: model, config } = readModelFile(path);
  const say = (line: string) => !quiet && process.stderr.write(`${wrap(line)}\n`);
  await withDevice(options, async (device) => {
    const open = async (used: Device) => {
      const opened = await Detector.open(model, { device: used, by, threshold, map, tile });
      // The first image compiles the kernels, and no client should wait for that.
      const { size } = opened;
      await opened.score({ width: size, height: size, channels: 1, pixels: new Float32Array(size * size).fill(0.5) });
      return opened;
    };
    const onError = (error: unknown) => process.stderr.write(`${logged(error)}\n`);
    const detector = await LastingDetector.open(device, { open, onWarning: say, onError });
    // Nobody else waits for the server's package to be loaded.
    const { detectorServer } = await import('../serve/server.ts');
    const see = otherDecoderWatch(config, say);
    const onBytes = (bytes: Uint8Array) => see(() => sharpFormat(bytes) === 'JPEG');
    const { server, end } = detectorServer(detector, { queue, maxBytes, onBytes, onError });
    const stopped = new Promise<() => void>((resolve) => {
      const { release } = catchInterrupt(() => resolve(release));
    });
    await listening(server.listen(port, host), host, port);
    const { port: bound } = server.address() as AddressInfo;
    process.stdout.write(`http://${host.includes(':') ? `[${host}]` : host}:${bound}\n`);
    say(
      `Flags from ${detector.by} ${detector.threshold} on. Ctrl-C or SIGTERM ends it, when what is in hand is answered.`,
    );
    const release = await stopped;
    // First: to Node a connection is idle whose answer is not sent to its end, and would be closed with the server.
    await end();
    const closed = new Promise((resolve) => server.close(resolve));
    // Those that clients keep for what they will ask next.
    server.closeAllConnections();
    await closed;
    release();
    await detector.dispose();
  });
}

/** Only a fault of the program needs to say where it happened. */
function logged(error: unknown): string {
  if (error instanceof CyclopsError) return wrap(`cyclops: ${error.message}`);
  return visibleLines(error instanceof Error ? `${error.stack}` : `${error}`);
}

/** @throws CyclopsError when nothing can listen there */
function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', ({ message }) =>
      reject(
        new CyclopsError(`Cannot listen on ${host}, port ${port} (${message}). Choose others with --host and --port.`),
      ),
    );
  });
}

function requireWhole(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UsageError(`${name} is ${value}; expected a whole number from ${least} to ${most}.`);
}
