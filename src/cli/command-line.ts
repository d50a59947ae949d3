import type { DataFlags, TuneFlags } from './options.ts';

/** What no POSIX shell takes for anything but text. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A command that can be pasted into a POSIX shell. */
export function commandLine(...words: readonly string[]): string {
  return words.map((word) => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(' ');
}

/** The options by which a data folder was read, for a command that reads it again. */
export function dataWords({ aIs, skipBroken }: DataFlags): string[] {
  return [...(aIs ? ['--a-is', aIs] : []), ...(skipBroken ? ['--skip-broken'] : [])];
}

/** The options that say where and with which kernels something is computed, for a command that goes on with it. */
export function deviceWords({ device, variant = [], tune }: TuneFlags): string[] {
  const named = variant.flatMap((choice) => ['--variant', choice]);
  return [...(device ? ['--device', device] : []), ...named, ...(tune ? [] : ['--no-tune'])];
}
