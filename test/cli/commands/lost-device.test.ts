import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildFaultyLayer, type DeviceFault } from '../../faults/faulty-layer.ts';
import { checkpointBytes, cyclops, makeData, SMALL, start, temporaryFolder, until } from '../support.ts';

const folder = temporaryFolder();
const layer = buildFaultyLayer(folder.path());
const data = folder.path('data');
const run = folder.path('run');
const TRAIN = [...SMALL, '--steps', '5', '--no-tune'];

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

if ('reason' in layer) console.warn(`Lost devices are not tried: ${layer.reason}.`);

function disturbed(fault: DeviceFault, args: readonly string[]) {
  return start(args, undefined, 'env' in layer ? layer.env(fault) : {}).outcome;
}

describe.skipIf('reason' in layer)('a device that is lost', () => {
  beforeAll(async () => {
    makeData(data, { normal: 8, abnormal: 6 });
    expect((await cyclops('train', data, '--out', run, ...TRAIN, '--quiet')).code).toBe(0);
  });

  it('does not end a training, which goes on from its last checkpoint to the same bits, and says so', async () => {
    const other = folder.path('disturbed');
    // The first checkpoint is that of no step, the next of three: each step takes some submits.
    const { code, stderr } = await disturbed('submit:70', ['train', data, '--out', other, ...TRAIN]);
    expect(stderr).toMatch(
      /was lost \(vkQueueSubmit failed with VK_ERROR_DEVICE_LOST\), and with it all that it held\. It is opened anew \(1 of at most 3 times\)\. The training goes on from its last checkpoint\./,
    );
    expect(code).toBe(0);
    expect(checkpointBytes(other)).toEqual(checkpointBytes(run));
    expect(readFileSync(`${other}/metrics.jsonl`, 'utf8')).toBe(readFileSync(`${run}/metrics.jsonl`, 'utf8'));
    expect(readFileSync(`${other}/thresholds.json`, 'utf8')).toBe(readFileSync(`${run}/thresholds.json`, 'utf8'));
  });

  it('costs no image, wherever it is lost', async () => {
    const expected = (await cyclops('score', run, data, '--no-tune', '--quiet')).stdout;
    for (const fault of ['submit:2', 'submit:5', 'pipeline:9', 'submit:4,submit:6', 'submit:4,submit:9'] as const) {
      const { code, stdout, stderr } = await disturbed(fault, ['score', run, data, '--no-tune']);
      expect(stderr, fault).toContain('It is opened anew.');
      expect([code, stdout], fault).toEqual([0, expected]);
    }
  });

  it('costs the image that it is lost with again and again, and no other', async () => {
    const expected = (await cyclops('score', run, data, '--no-tune', '--quiet')).stdout.split('\n');
    const { code, stdout, stderr } = await disturbed('submit:4,submit:6,submit:8', ['score', run, data, '--no-tune']);
    expect(stderr).toContain('abnormal/0.png is left out.');
    expect(stderr).toContain('the device was lost 2 times while this image alone was judged.');
    expect(stderr).toContain('1 of 14 files could not be read');
    const isOther = (line: string) => !line.startsWith('abnormal/0.png\t');
    expect([code, stdout.split('\n').filter(isOther)]).toEqual([1, expected.filter(isOther)]);
  });

  it('is opened anew to evaluate and to calibrate', async () => {
    const evaluated = (await cyclops('evaluate', run, data, '--no-tune', '--json')).stdout;
    const found = await disturbed('submit:8', ['evaluate', run, data, '--no-tune', '--json']);
    expect(found.stderr).toContain('The evaluation begins anew.');
    expect([found.code, found.stdout]).toEqual([0, evaluated]);
    const calibrated = await disturbed('submit:8', ['calibrate', run, '--no-tune', '--json']);
    expect(calibrated.stderr).toContain('The calibration begins anew.');
    expect(calibrated.code).toBe(0);
  });

  it('is opened anew while clients are served', async () => {
    const images = Array.from({ length: 6 }, (_, i) => readFileSync(`${data}/normal/${i}.png`));
    const served = async (fault: DeviceFault | null) => {
      const env = fault && 'env' in layer ? layer.env(fault) : {};
      const { child, outcome } = start(['serve', run, '--port', '0'], undefined, env);
      let url = '';
      child.stdout?.on('data', (text) => {
        url += text;
      });
      await until(() => url.includes('\n') || child.exitCode !== null);
      const answers = await Promise.all(
        images.map(async (body) => {
          const answer = await fetch(`${url.trim()}/score`, { method: 'POST', body });
          return [answer.status, await answer.json()];
        }),
      );
      child.kill('SIGTERM');
      const { code, stderr } = await outcome;
      return { code, stderr, answers };
    };
    const expected = await served(null);
    const disturbed = await served('submit:10');
    expect(disturbed.stderr).toMatch(/was lost .* It is opened anew, and what was in hand is judged anew/);
    expect(disturbed.answers).toEqual(expected.answers);
    const starting = await served('submit:2');
    expect(starting.stderr).toMatch(/was lost .* It is opened anew\. /);
    expect(starting.answers).toEqual(expected.answers);
    const gone = await served('submit:10,device:2+');
    expect(gone.stderr.match(/cyclops: The device was lost, and does not come back\./g)).toHaveLength(1);
    expect(gone.stderr).not.toContain('lasting-detector.ts');
    expect(gone.answers.map(([status]) => status)).toContain(503);
    expect([disturbed.code, starting.code, gone.code, expected.code]).toEqual([0, 0, 0, 0]);
  });

  it('that does not open at once is tried again, and what comes of one that never opens is said', async () => {
    const expected = (await cyclops('score', run, data, '--no-tune', '--quiet')).stdout;
    const again = await disturbed('submit:5,device:2', ['score', run, data, '--no-tune', '--quiet']);
    expect([again.code, again.stdout]).toEqual([0, expected]);
    const full = await disturbed('device:1+', ['score', run, data, '--no-tune']);
    expect([full.code, full.stdout]).toEqual([1, '']);
    expect(full.stderr).toMatch(
      /cyclops: The device .+ could not be opened: it has no memory left\. Close other programs that use it, then run the same command again\. $/,
    );
    const other = folder.path('unfinished');
    const gone = await disturbed('submit:70,device:2+', ['train', data, '--out', other, ...TRAIN]);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain(
      'could not be opened: it has no memory left. Work since the last checkpoint is gone. Continue with: cyclops train',
    );
    expect((await cyclops('train', data, '--out', other, '--resume', '--quiet')).code).toBe(0);
    expect(checkpointBytes(other)).toEqual(checkpointBytes(run));
  });

  it('that has no memory left at one moment has it at the next', async () => {
    const expected = (await cyclops('score', run, data, '--no-tune', '--quiet')).stdout;
    // The first is what a device takes when it is opened.
    for (const fault of ['allocate:1', 'allocate:4'] as const) {
      const { code, stdout } = await disturbed(fault, ['score', run, data, '--no-tune', '--quiet']);
      expect([code, stdout], fault).toEqual([0, expected]);
    }
  });
});

afterAll(() => folder.remove());
