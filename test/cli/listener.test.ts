import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { listenOnTerminal } from '../../src/cli/listener.ts';

let printed: string;
beforeEach(() => {
  printed = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** What is shown of a scoring that measures kernels first and warns of a file. */
function show(...how: Parameters<typeof listenOnTerminal>): string {
  const { listener, stop } = listenOnTerminal(...how);
  listener.onProgress?.({ stage: 'kernels', done: 1, total: 1, detail: 'found' });
  listener.onWarning?.('a file was left out');
  listener.onProgress?.({ stage: 'scoring', done: 2, total: 2 });
  stop();
  return printed;
}

it('shows every stage and every warning', () => {
  expect(show(false)).toMatch(/^Measuring which kernels.*\n.*kernels.*found\n?.*a file was left out\n.*scoring/s);
});

it('leaves out the bar of a stage that is shown elsewhere, and nothing else', () => {
  expect(show(false, 'scoring')).toMatch(/^Measuring which kernels.*found.*a file was left out\n$/s);
});

it('says nothing when quiet', () => {
  expect(show(true)).toBe('');
});

it('shows how far a large image is, also where the images are shown elsewhere, and ends that bar with the image', () => {
  vi.useFakeTimers();
  try {
    for (const elsewhere of [undefined, 'scoring'] as const) {
      printed = '';
      const { listener, stop } = listenOnTerminal(false, elsewhere);
      listener.onProgress?.({ stage: 'scoring', done: 0, total: 2 });
      for (const done of [0, 7, 8]) {
        listener.onProgress?.({ stage: 'scoring', done: 0, total: 2, windows: { file: 'a\n.tif', done, total: 9 } });
        vi.advanceTimersByTime(11_000);
      }
      listener.onProgress?.({ stage: 'scoring', done: 1, total: 2 });
      stop();
      expect(printed).toContain('scoring 0/2 a\\n.tif: 7 of 9 windows\nscoring 0/2 a\\n.tif: 8 of 9 windows\n');
      expect(printed.includes('scoring 1/2 ')).toBe(elsewhere === undefined);
    }
  } finally {
    vi.useRealTimers();
  }
});
