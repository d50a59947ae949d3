// The clocks of a device while it is measured, by the driver's own tool: they explain slow spells.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';

const FIELDS = ['timestamp', 'clocks.sm', 'clocks.mem', 'clocks_event_reasons.active', 'power.draw', 'temperature.gpu'];
const MILLISECONDS = 200;

/**
 * Notes them in a file until it is told to end; nothing where the tool is not there.
 *
 * @param {string} file
 */
export function logClocks(file) {
  const args = [`--query-gpu=${FIELDS.join(',')}`, '--format=csv,noheader,nounits', `-lms`, `${MILLISECONDS}`];
  const child = spawn('nvidia-smi', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const log = createWriteStream(file);
  log.write(`${FIELDS.join(', ')}\n`);
  child.stdout.pipe(log);
  child.on('error', () => log.end());
  return { end: () => child.kill() };
}

/**
 * The clock of the multiprocessors in MHz since a place in that file; null where nothing was noted.
 *
 * @param {string} file @param {number} from bytes
 */
export function clocksSince(file, from) {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').slice(from).split('\n') : [];
  const rates = lines.map((line) => Number(line.split(', ')[1])).filter(Number.isFinite);
  if (rates.length === 0) return null;
  const sorted = rates.sort((a, b) => a - b);
  return { least: sorted[0], median: sorted[sorted.length >> 1], most: sorted.at(-1) };
}
