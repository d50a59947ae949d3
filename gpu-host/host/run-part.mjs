// Runs a program with a time limit, its messages going to a log.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

/** After a polite end, a program has so long to write down what it has. */
const GRACE_MILLISECONDS = 5000;

/**
 * @typedef {object} Outcome
 * @property {'ok' | 'failed' | 'timed out'} status
 * @property {number | null} code exit code
 * @property {number} seconds
 * @property {string} stdout
 * @property {string} lastWords the end of what it said on standard error
 */

/**
 * @param {readonly string[]} command
 * @param {{ seconds: number, log: string, until?: AbortSignal }} options `until` ends it too, and that is no failure
 * @returns {Promise<Outcome>}
 */
export function runPart(command, { seconds, log, until }) {
  const start = performance.now();
  const taken = () => (performance.now() - start) / 1000;
  appendFileSync(log, `\n$ ${command.join(' ')}\n`);
  const [file = '', ...args] = command;
  return new Promise((resolve) => {
    // A process group of its own, so that what it starts ends with it.
    const child = spawn(file, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr, timedOut] = ['', '', false];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
      appendFileSync(log, text);
    });
    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      try {
        if (child.pid) process.kill(-child.pid, signal);
      } catch {
        // It has just ended.
      }
    };
    const politely = setTimeout(() => {
      timedOut = true;
      end('SIGTERM');
    }, 1000 * seconds);
    const firmly = setTimeout(() => end('SIGKILL'), 1000 * seconds + GRACE_MILLISECONDS);
    until?.addEventListener('abort', () => end('SIGTERM'));
    /** @param {number | null} code @param {string} words */
    const done = (code, words) => {
      clearTimeout(politely);
      clearTimeout(firmly);
      const status = timedOut ? 'timed out' : code === 0 || until?.aborted ? 'ok' : 'failed';
      appendFileSync(log, `→ ${status}, code ${code}, ${taken().toFixed(1)} s\n`);
      resolve({ status, code, seconds: taken(), stdout, lastWords: lastWords(words) });
    };
    child.on('error', (error) => done(null, error.message));
    child.on('close', (code) => done(code, stderr));
  });
}

/** The last lines that are no warning of Dawn's. @param {string} text */
function lastWords(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Warning: max'));
  return lines.slice(-4).join('\n').slice(-600);
}
