import { spawnSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { requireFileSize } from '../../src/cli/file-size-limit.ts';
import { expectRefusal } from '../data/support.ts';
import { PROGRAM } from './program.ts';

const limits = (soft: number | string) =>
  `Max cpu time              unlimited            unlimited            seconds   \nMax file size             ${soft}          unlimited            bytes     \n`;

it('wants files as large as memory, where the system tells of a limit', () => {
  for (const enough of [limits('unlimited'), limits(totalmem()), '']) requireFileSize(enough);
  expectRefusal(() => requireFileSize(limits(2048000)), '2048000 bytes', 'ulimit -f unlimited');
});

it.runIf(process.platform === 'linux')('a command says so, where a software device would end it by a signal', () => {
  const command = `ulimit -f 2000; exec "${process.execPath}" ${PROGRAM.join(' ')} doctor`;
  const { status, signal, stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  expect(signal).toBeNull();
  // A GPU's driver keeps its memory elsewhere.
  if (status === 0) expect(stdout).toMatch(/kind +hardware/);
  else expect([status, stderr.replaceAll('\n', ' ')]).toEqual([1, expect.stringContaining('(ulimit -f)')]);
});
