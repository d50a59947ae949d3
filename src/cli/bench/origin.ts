/** What every measurement says of where it comes from: without it nothing can be compared with it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Device } from '../../gpu/device.ts';
import { versions } from '../../workflow/common/versions.ts';

/** Rates of a processor in MHz at the moment that something was measured, one for each of its parts that tells. */
interface Clocks {
  /** What told. */
  source: string;
  megahertz: Readonly<Record<string, number>>;
}

/** Command, date, commit, device, processor, its clocks, and versions, as the head of a document. */
export function origin({ info }: Device): object {
  const { name, device, vendor, architecture, software } = info;
  const [first] = cpus();
  return {
    command: ['cyclops', ...process.argv.slice(2)].join(' '),
    date: new Date().toISOString(),
    commit: commit(),
    device: { name: device, driver: name, vendor, architecture, software },
    processor: { name: first?.model.trim() ?? 'unknown', cores: cpus().length },
    clocks: software ? ofProcessor() : vendor === 'nvidia' ? ofNvidia() : null,
    versions: versions(),
  };
}

/** The commit of this checkout, with `-dirty` behind it where files differ from it; null outside of a checkout of Cyclops. */
function commit(): string | null {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    if (realpathSync(git('rev-parse', '--show-toplevel')) !== realpathSync(root)) return null;
    return git('describe', '--always', '--dirty', '--abbrev=40', '--exclude=*');
  } catch {
    return null;
  }
}

/** Of the slowest and of the fastest core; null where the system does not tell. */
function ofProcessor(): Clocks | null {
  const rates = linesOf('/proc/cpuinfo').flatMap(
    (line) => /^cpu MHz\s*:\s*([\d.]+)/.exec(line)?.slice(1).map(Number) ?? [],
  );
  if (rates.length === 0) return null;
  return { source: '/proc/cpuinfo', megahertz: { slowest: Math.min(...rates), fastest: Math.max(...rates) } };
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Of the first card; null where its tool does not answer. */
function ofNvidia(): Clocks | null {
  try {
    const args = ['--query-gpu=clocks.sm,clocks.mem', '--format=csv,noheader,nounits'];
    const said = execFileSync('nvidia-smi', args, { encoding: 'utf8', stdio: 'pipe', timeout: 5000 });
    const [multiprocessors = Number.NaN, memory = Number.NaN] = said.split(/[,\n]/).map(Number);
    if (!Number.isFinite(multiprocessors + memory)) return null;
    return { source: 'nvidia-smi', megahertz: { multiprocessors, memory } };
  } catch {
    return null;
  }
}
