import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { commandLine, dataWords, deviceWords } from '../../src/cli/command-line.ts';

describe('a command line', () => {
  it('is left plain where it can be', () => {
    expect(commandLine('cyclops', 'train', '/data/a-b_c.d', '--resume')).toBe('cyclops train /data/a-b_c.d --resume');
  });

  it.skipIf(process.platform === 'win32')('says the same words in a shell', () => {
    const words = ['sp ace', "it's", '$HOME', '~', 'a*b', '', 'ä;b', '"', '\\', 'two\nlines', '#'];
    const { stdout } = spawnSync('sh', ['-c', commandLine('printf', '%s\\0', ...words)], { encoding: 'utf8' });
    expect(stdout.split('\0').slice(0, -1)).toEqual(words);
  });

  it('repeats the options that another command needs', () => {
    expect(dataWords({ aIs: 'normal', skipBroken: true })).toEqual(['--a-is', 'normal', '--skip-broken']);
    expect(deviceWords({ device: 'cpu', variant: ['conv2d.forward=naive'], tune: false })).toEqual([
      ...['--device', 'cpu', '--variant', 'conv2d.forward=naive', '--no-tune'],
    ]);
    expect([...dataWords({}), ...deviceWords({ tune: true })]).toEqual([]);
  });
});
