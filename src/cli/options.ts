import { type Command, InvalidArgumentError, Option } from 'commander';
import { isTileSide, TILE_SIDES } from '../anomaly/maps/tiles.ts';
import { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { forceVariants, parseVariants } from '../kernels/tuning/choices.ts';
import { requireFileSize } from './file-size-limit.ts';
import { silenceDriver } from './silence-driver.ts';

/** Options of every command. */
export interface CommonFlags {
  device?: string;
  quiet?: boolean;
  /** Dawn's backend; not an option of its own. */
  backend?: string;
}

/** Options of the commands that run kernels with a choice. */
export interface KernelFlags extends CommonFlags {
  variant?: string[];
}

/** Options of the commands that look for the fastest ones. */
export interface TuneFlags extends KernelFlags {
  tune: boolean;
}

/** Options of the commands that read a data folder. */
export interface DataFlags {
  aIs?: 'normal' | 'abnormal';
  skipBroken?: boolean;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option('--device <name>', "gpu, cpu or a part of the adapter's name (default: the first that answers, GPUs first)")
    .option('--quiet', 'say nothing but results and errors');
}

export function addKernelOptions(command: Command): Command {
  return addCommonOptions(command).option(
    '--variant <operation=name>',
    'compute an operation with this kernel, e.g. conv2d.forward=naive; may be given several times',
    (text: string, before: string[] | undefined) => [...(before ?? []), toVariant(text)],
  );
}

function toVariant(text: string): string {
  try {
    parseVariants(text);
    return text;
  } catch (error) {
    if (error instanceof CyclopsError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

export function addTuneOptions(command: Command): Command {
  return addKernelOptions(command).option(
    '--no-tune',
    'use the default kernels; else the fastest are found by measuring, once for each device',
  );
}

export function addDataOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--a-is <label>', 'what trainA and testA hold (default: abnormal)').choices(['abnormal', 'normal']),
    )
    .option('--skip-broken', 'leave out images that cannot be read, instead of refusing them');
}

/** What `--map` does where a model judges. */
export const MAP_OPTION =
  'the map that heat maps show, one of those that were calibrated (default: the one that calibration chose)';

/** For the commands that show images to the networks. */
export function addTileOption(command: Command): Command {
  return command.option(
    '--tile <size>',
    "keep images larger than the run's size as they are, and show them to the networks in overlapping tiles of at most this side",
    toTile,
  );
}

function toTile(text: string): number {
  const size = toNumber(text);
  if (isTileSide(size)) return size;
  throw new InvalidArgumentError(`Expected ${TILE_SIDES}.`);
}

/** Reads the value of a numeric option. */
export function toNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

const BYTES: Record<string, number> = { '': 1, kb: 1e3, mb: 1e6, gb: 1e9 };

/** Reads a number of bytes, such as `500000`, `500kB` or `30 MB`. */
export function toByteCount(text: string): number {
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const bytes = Number(digits || Number.NaN) * (BYTES[unit.toLowerCase()] ?? Number.NaN);
  if (Number.isSafeInteger(Math.round(bytes))) return Math.round(bytes);
  throw new InvalidArgumentError('Expected a number of bytes, such as 500kB, 30MB or 1GB.');
}

/** Runs a command's work on an open device and closes it, so that the process can end. */
export async function withDevice<T>(
  { device: name, backend, variant = [], quiet = false }: KernelFlags,
  work: (device: Device) => Promise<T>,
): Promise<T> {
  const open = () => Device.open({ device: name, backend });
  // Logs keep all that a driver says; people and scripts that want quiet hear what concerns them.
  const isHeard = !quiet && !process.stderr.isTTY;
  const device = await (isHeard ? open() : silenceDriver(open, { isQuiet: quiet }));
  try {
    if (device.info.software && device.info.executes) requireFileSize();
    forceVariants(device, variant);
    return await work(device);
  } finally {
    device.close();
  }
}
