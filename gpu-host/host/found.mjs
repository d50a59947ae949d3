// What a host has to measure with, and says of itself.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** What a program prints, or null where it is not there or fails. @param {string[]} command */
function say([file = '', ...args]) {
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000 });
  return status === 0 ? stdout.trim() : null;
}

/** The driver's own view; null without its program. @returns {Record<string, string> | null} */
export function nvidia() {
  const fields = ['name', 'driver_version', 'memory.total', 'clocks.sm', 'clocks.mem', 'temperature.gpu', 'power.draw'];
  const values = say(['nvidia-smi', `--query-gpu=${fields.join(',')}`, '--format=csv,noheader']);
  // The first of several devices.
  const [first = ''] = values?.split('\n') ?? [];
  const told = first.split(', ');
  return values === null ? null : Object.fromEntries(fields.map((field, i) => [field, told[i] ?? 'unknown']));
}

/**
 * PyTorch, as the command that starts it.
 * @param {string} root folder of Cyclops's files
 * @param {boolean} quick
 * @returns {{ command: string[] } | { absent: string }}
 */
export function findTorch(root, quick) {
  const answer = say(['python3', '-c', 'import torch; print(torch.__version__, torch.cuda.is_available())']);
  if (answer === null)
    return { absent: say(['python3', '--version']) ? 'python3 has no PyTorch' : 'there is no python3' };
  const program = ['python3', join(root, 'bench/peers/torch_cyclegan.py'), ...(quick ? ['--quick'] : [])];
  if (answer.endsWith('True')) return { command: program };
  return quick
    ? { command: [...program, '--cpu'] }
    : { absent: `PyTorch ${answer.split(' ')[0]} finds no CUDA device` };
}

/** Whether a command of cyclops has the option. @param {string} subcommand */
export const offersPrecision = (subcommand) =>
  (say(['cyclops', ...subcommand.split(' '), '--help']) ?? '').includes('--precision');
