import { describe, expect, it } from 'vitest';
import type { ImageInput, Judgement } from '../../../src/anomaly/detector/detector.ts';
import { GivenUpError, LastingDetector } from '../../../src/cli/serve/lasting-detector.ts';
import { CyclopsError, DeviceLostError } from '../../../src/gpu/errors.ts';
import { Device } from '../../../src/index.ts';

const image = (value: number): ImageInput => Uint8Array.of(value);
/** The device does not survive it. */
const POISON = 13;

/** Detectors that judge the first byte of an image, and whose devices are lost now and then. */
async function lasting({ opens = () => {} }: { opens?: (time: number) => void } = {}) {
  const told: string[] = [];
  const disposed: number[] = [];
  let times = 0;
  let lost = 0;
  const device = await Device.open({ backend: 'null' });
  const detector = await LastingDetector.open(device, {
    onWarning: (text) => told.push(text),
    async open() {
      const time = times++;
      opens(time);
      let isLost = false;
      const score = async ([value = 0]: Uint8Array) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (value === POISON) isLost = true;
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (isLost) {
          lost += 1;
          throw new DeviceLostError('The device was lost.');
        }
        if (value === 0) throw new CyclopsError('no image');
        return { score: value } as Judgement;
      };
      return { by: 'sse', threshold: 2, score, dispose: () => disposed.push(time) } as never;
    },
  });
  const scores = (values: readonly number[]) =>
    Promise.allSettled(values.map((value) => detector.score(image(value), {}))).then((all) =>
      all.map((one) => (one.status === 'fulfilled' ? one.value.score : one.reason)),
    );
  return { detector, device, told, disposed, scores, losses: () => lost };
}

describe('a detector that outlives its device', () => {
  it('judges anew what was in hand, and gives up the image that the device does not survive', async () => {
    const { detector, device, told, disposed, scores } = await lasting();
    // All of them at once, as a batch is told.
    const found = await scores([1, 2, POISON, 3, 4]);
    expect(found.filter((one) => typeof one === 'number')).toEqual([1, 2, 3, 4]);
    expect(found[2]).toBeInstanceOf(GivenUpError);
    expect(`${found[2]}`).toMatch(/lost twice/);
    expect(told).toEqual(Array(2).fill('The device was lost. It is opened anew, and what was in hand is judged anew.'));
    expect(await scores([7, 0])).toEqual([7, new CyclopsError('no image')]);
    expect([detector.isBroken, disposed]).toEqual([false, [0, 1]]);
    await detector.dispose();
    expect(disposed).toEqual([0, 1, 2]);
    device.close();
  });

  it('is broken when the device does not come back', async () => {
    let tries = 0;
    const gone = (time: number) => {
      if (time > 0 && ++tries) throw new DeviceLostError('gone again');
    };
    const { detector, device, told, scores } = await lasting({ opens: gone });
    const [first, second] = await scores([POISON, 2]);
    expect([first, second].every((error) => error instanceof DeviceLostError)).toBe(true);
    expect([detector.isBroken, tries]).toEqual([true, 3]);
    expect(told.at(-1)).toBe('The device could not be opened anew: gone again');
    expect((await scores([5]))[0]).toBeInstanceOf(DeviceLostError);
    await detector.dispose();
    device.close();
  });
});
