import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ImageInput, Judgement } from '../../../src/anomaly/detector/detector.ts';
import { GivenUpError, LastingDetector, RETRY_SECONDS } from '../../../src/cli/serve/lasting-detector.ts';
import { CyclopsError, DeviceLostError, DeviceUnavailableError } from '../../../src/gpu/errors.ts';
import { Device } from '../../../src/index.ts';

const image = (value: number): ImageInput => Uint8Array.of(value);
/** The device does not survive it. */
const POISON = 13;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Detectors that judge the first byte of an image, and whose devices are lost now and then. */
async function lasting({ opens = (_time: number) => {}, chance = (_value: number): boolean => false } = {}) {
  const told: string[] = [];
  const errors: string[] = [];
  const begun: number[] = [];
  const disposed: number[] = [];
  let times = 0;
  const device = await Device.open({ backend: 'null' });
  const detector = await LastingDetector.open(device, {
    onWarning: (text) => told.push(text),
    onError: ({ message }) => errors.push(message),
    async open() {
      const time = times++;
      opens(time);
      let isLost = false;
      const score = async ([value = 0]: Uint8Array) => {
        begun.push(value);
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (value === POISON) isLost = true;
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (isLost || chance(value)) throw new DeviceLostError('The device was lost.');
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
  return { detector, device, told, errors, begun, disposed, scores };
}

describe('a detector that outlives its device', () => {
  it('judges anew what was in hand, and gives up the image that the device does not survive', async () => {
    const { detector, device, told, disposed, scores } = await lasting();
    // All of them at once, as a batch is told.
    const found = await scores([1, 2, POISON, 3, 4]);
    expect(found.filter((one) => typeof one === 'number')).toEqual([1, 2, 3, 4]);
    expect(found[2]).toBeInstanceOf(GivenUpError);
    expect(`${found[2]}`).toMatch(/lost again and again/);
    expect(told).toEqual(Array(3).fill('The device was lost. It is opened anew, and what was in hand is judged anew.'));
    expect(await scores([7, 0])).toEqual([7, new CyclopsError('no image')]);
    expect([detector.isBroken, disposed]).toEqual([false, [0, 1, 2]]);
    await detector.dispose();
    expect(disposed).toEqual([0, 1, 2, 3]);
    device.close();
  });

  it('judges none beside those that are judged alone, so that no image is blamed for what another does', async () => {
    const { detector, device, begun, scores } = await lasting();
    const first = scores([1, 2, POISON]);
    await vi.waitUntil(() => begun.length === 4, { interval: 1 });
    expect(await scores([7, POISON])).toEqual([7, expect.any(GivenUpError)]);
    expect(await first).toEqual([1, 2, expect.any(GivenUpError)]);
    const those = [1, 2, POISON, 1, 2, POISON, POISON];
    expect(begun).toEqual([...those, 7, POISON, 7, POISON, POISON]);
    await detector.dispose();
    device.close();
  });

  it('does not give up an image that was judged alone when the device was lost by chance', async () => {
    let chances = 0;
    const { detector, device, scores } = await lasting({ chance: (value) => value === 2 && chances++ < 2 });
    expect(await scores([2])).toEqual([2]);
    await detector.dispose();
    device.close();
  });

  it('begins on another device where its own is lost while it starts', async () => {
    const { detector, device, told, scores } = await lasting({
      opens: (time) => {
        if (time === 0) throw new DeviceLostError('The device was lost.');
      },
    });
    expect([told, await scores([5])]).toEqual([['The device was lost. It is opened anew.'], [5]]);
    await detector.dispose();
    device.close();
  });

  it('refuses images while the device does not come back, tells it once, and judges again when it does', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const { detector, device, told, errors, scores } = await lasting();
    const reopen = vi.spyOn(device, 'reopen').mockRejectedValue(new DeviceUnavailableError('It is full.'));
    const soon = async <T>(seconds: number, work: Promise<T> | null = null) => {
      await vi.advanceTimersByTimeAsync(1000 * seconds);
      return work;
    };
    for (const values of [[POISON, 2], [5]]) {
      expect(await soon(4.9, scores(values))).toEqual(values.map(() => expect.any(DeviceLostError)));
      expect(detector.isBroken).toBe(true);
    }
    const refused = `It is tried again every ${RETRY_SECONDS} seconds, and images are refused until it is there.`;
    expect(errors).toEqual([`The device was lost, and does not come back. It is full. ${refused}`]);

    const tries = reopen.mock.calls.length;
    await soon(4 * RETRY_SECONDS);
    expect(reopen).toHaveBeenCalledTimes(tries + 4);
    reopen.mockRestore();
    await soon(RETRY_SECONDS);
    vi.useRealTimers();
    await vi.waitUntil(() => !detector.isBroken);
    expect(told.slice(1)).toEqual(['The device is open again, and images are judged as before.']);
    expect([errors.length, await scores([5])]).toEqual([1, [5]]);
    await detector.dispose();
    device.close();
  });

  it('is broken when each device that is opened is lost at once', async () => {
    let tries = 0;
    const gone = (time: number) => {
      if (time > 0 && ++tries) throw new DeviceLostError('Gone again.');
    };
    const { detector, device, errors, scores } = await lasting({ opens: gone });
    expect(await scores([POISON, 2])).toEqual([expect.any(DeviceLostError), expect.any(DeviceLostError)]);
    expect([detector.isBroken, tries]).toEqual([true, 3]);
    expect(errors).toEqual([expect.stringMatching(/^Gone again\. It is tried again/)]);
    expect(await scores([5])).toEqual([expect.any(DeviceLostError)]);
    await detector.dispose();
    device.close();
  });
});
