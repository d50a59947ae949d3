import { readFileSync } from 'node:fs';

const MIB = 2 ** 20;

/**
 * @returns MiB of this process's memory that no file backs. Pages of files are the system's own: it takes those of a driver back while they
 * are idle and reads them again, which is neither growth nor the opposite. Other systems than Linux tell all resident memory alone.
 */
export function ownMebibytes(): number {
  if (process.platform !== 'linux') return process.memoryUsage.rss() / MIB;
  const status = readFileSync('/proc/self/status', 'utf8');
  const kibibytes = (field: string) => Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]);
  return (kibibytes('RssAnon') + kibibytes('RssShmem')) / 1024;
}
