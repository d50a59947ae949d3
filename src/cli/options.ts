import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LayoutOptions } from '../data/layouts.ts';
import { Device } from '../gpu/device.ts';

/** Options of every command. */
export interface CommonOptions {
  device?: string;
  quiet?: boolean;
}

/** Options of the commands that read a data folder. */
export interface DataOptions {
  aIs?: 'normal' | 'abnormal';
  skipBroken?: boolean;
}

export function addCommonOptions(command: Command): Command {
  return command
    .option('--device <name>', "gpu, cpu or a part of the adapter's name (default: the first that answers, GPUs first)")
    .option('--quiet', 'say nothing but results and errors');
}

export function addDataOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--a-is <label>', 'what trainA and testA hold (default: abnormal)').choices(['abnormal', 'normal']),
    )
    .option('--skip-broken', 'leave out images that cannot be read, instead of refusing them');
}

export function layoutOptions({ aIs }: DataOptions): LayoutOptions {
  return aIs ? { aIs } : {};
}

/** Reads the value of a numeric option. */
export function toNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

/** Runs a command's work on an open device and closes it, so that the process can end. */
export async function withDevice<T>({ device: name }: CommonOptions, work: (device: Device) => Promise<T>): Promise<T> {
  const device = await Device.open({ device: name });
  try {
    return await work(device);
  } finally {
    device.close();
  }
}
