import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { openModel } from '../../src/workflow/common/model.ts';
import { calibrate, evaluate, report, type StopSignal, score, train } from '../../src/workflow.ts';
import { makeData, SMALL_CONFIG, temporaryFolder } from '../cli/support.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const folder = temporaryFolder();
const out = folder.path('run');
afterAll(() => folder.remove());

/** Asks to stop after so many steps: training looks once before each. */
function afterSteps(steps: number): StopSignal {
  let looks = 0;
  return {
    get aborted() {
      return looks++ >= steps;
    },
  };
}

describe('thresholds that training has left behind', () => {
  let data: string;
  beforeAll(async () => {
    data = makeData(folder.path('data'), { normal: 8, abnormal: 6 });
    const begun = await train({ data, out, config: { ...SMALL_CONFIG, steps: 6 }, tune: false, signal: afterSteps(2) });
    expect(begun.calibration).toBeNull();
    expect((await calibrate({ run: out, tune: false })).calibration?.step).toBe(2);
  });

  it('hold for the networks that they were chosen with', async () => {
    const evaluated = await evaluate({ model: out, data, tune: false });
    expect(evaluated?.evaluation.counts.normal).toBeGreaterThan(0);
  });

  it('are refused for those that a training puts in their place while a run is judged, also after a lost device', async () => {
    const judged = folder.path('judged');
    cpSync(out, judged, { recursive: true });
    const device = await Device.open();
    try {
      const model = openModel(judged);
      model.open(device, undefined).dispose();
      const evaluated = await evaluate({ model: judged, data, device, tune: false });
      await train({ data, out: judged, resume: true, tune: false, signal: afterSteps(2) });
      const replaced = /checkpoint was replaced by another while it was in use: a training goes on in this run/;
      expect(() => model.open(device, undefined)).toThrow(CyclopsError);
      expect(() => model.open(device, undefined)).toThrow(replaced);
      // What was judged before stays as it was judged.
      if (evaluated) report(evaluated, { path: folder.path('report.html'), data: 'cuts' });
      expect(JSON.parse(readFileSync(folder.path('report.json'), 'utf8')).training.steps).toBe(2);
    } finally {
      device.close();
    }
  });

  it('are refused for those that training went on to, by whoever judges', async () => {
    const more = await train({ data, out, resume: true, tune: false, signal: afterSteps(2) });
    expect(more.calibration).toBeNull();
    const stale =
      /chosen for its networks after step 2, but its checkpoint holds those after step 4.*cyclops calibrate/;
    await expect(evaluate({ model: out, data, tune: false })).rejects.toThrow(stale);
    expect(() => score({ model: out, images: [join(data, 'normal')] })).toThrow(stale);
  });

  it('are chosen anew where their file is damaged, with a warning', async () => {
    writeFileSync(join(out, 'thresholds.json'), '{"chosen":');
    const warnings: string[] = [];
    const { before, calibration } = await calibrate({
      run: out,
      tune: false,
      onWarning: (said) => warnings.push(said),
    });
    expect(before).toBeNull();
    expect(calibration?.step).toBe(4);
    expect(warnings.join()).toMatch(/thresholds.json does not hold the calibration .* It is written anew/);
  });

  it('are chosen anew by calibrate, and by the end of the training', async () => {
    const { before, calibration } = await calibrate({ run: out, tune: false });
    expect([before?.step, calibration?.step]).toEqual([4, 4]);
    expect(await evaluate({ model: out, data, tune: false })).not.toBeNull();
    const finished = await train({ data, out, resume: true, tune: false });
    expect(finished.calibration?.step).toBe(6);
    expect(await evaluate({ model: out, data, tune: false })).not.toBeNull();
  });

  it('are the same for whoever judges: other ones beside the model file are refused', async () => {
    const thresholds = join(out, 'thresholds.json');
    const before = readFileSync(thresholds);
    await calibrate({ run: out, tune: false, threshold: 0.125 });
    writeFileSync(thresholds, before);
    const two = /model\.safetensors and .*thresholds\.json hold two calibrations.*cyclops calibrate/;
    await expect(evaluate({ model: out, data, tune: false })).rejects.toThrow(two);
    const judge = () => score({ model: out, images: [join(data, 'normal')] }).decision.threshold;
    expect(judge).toThrow(two);
    await calibrate({ run: out, tune: false, threshold: 0.25 });
    expect(judge()).toBe(0.25);
    expect((await evaluate({ model: out, data, tune: false }))?.evaluation.chosen.threshold.value).toBe(0.25);
    rmSync(thresholds);
    expect(judge()).toBe(0.25);
  });
});
