import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { encodePng } from '../../../src/data/images/png.ts';
import { temporaryFolder } from '../../cli/support.ts';
import { lyingFiles } from './lying-files.ts';

const folder = temporaryFolder();
afterAll(() => folder.remove());

/** No file holds more than some thousand pixels; libraries load parts of themselves. */
const MOST_MEBIBYTES = 128;

it.skipIf(process.platform !== 'linux')(
  'files whose parts disagree about their size take no memory, whatever the decoder believes',
  { timeout: 300_000 },
  async () => {
    const files = await lyingFiles();
    writeFileSync(folder.path('plain'), encodePng(4, 4, 1, new Uint8Array(16)));
    for (const [name, bytes] of files) writeFileSync(folder.path(name), bytes);
    const script = fileURLToPath(new URL('decode-peaks.ts', import.meta.url));
    const { stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', script, folder.path()], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const outcomes: { name: string; came: string; mebibytes: number }[] = JSON.parse(stdout);
    expect(outcomes).toHaveLength(files.size + 1);
    for (const { name, came, mebibytes } of outcomes) {
      if (name === 'too many bits.png')
        expect(came).toMatch(/9999 × 9999 pixels of 4 samples of 16 bits.* would take \d+\.\d MiB/);
      expect(mebibytes, `${name}: ${came}`).toBeLessThan(MOST_MEBIBYTES);
      // What can be read is read at the size that it holds; else the message is ours.
      expect(came, name).toMatch(/^(\d{1,2} × \d{1,2} × [13]|CyclopsError: .*)$/);
    }
  },
);
