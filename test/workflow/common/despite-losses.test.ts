import { expect, it, vi } from 'vitest';
import { Device } from '../../../src/gpu/device.ts';
import { CyclopsError, DeviceLostError, DeviceUnavailableError, NoAdapterError } from '../../../src/gpu/errors.ts';
import { despiteLosses, MOST_LOSSES } from '../../../src/workflow/common/despite-losses.ts';

const GOES_ON = 'It begins anew.';

it('does work again on a device that is opened like the lost one, and closes what it opened', async () => {
  const device = await Device.open({ backend: 'null' });
  const close = vi.spyOn(Device.prototype, 'close');
  const [used, warnings]: [Device[], string[]] = [[], []];
  const result = await despiteLosses(device, { onWarning: (line) => warnings.push(line) }, GOES_ON, async (own) => {
    used.push(own);
    if (used.length < 3) throw new DeviceLostError('It is gone.');
    return own.info.name;
  });
  expect([result, new Set(used).size, used[0] === device]).toEqual(['null backend', 3, true]);
  expect(close.mock.contexts).toEqual(used.slice(1));
  expect(warnings).toEqual([1, 2].map((n) => `It is gone. It is opened anew (${n} of at most 3 times). ${GOES_ON}`));
  close.mockRestore();
  device.close();
});

it('gives up a device that is lost again and again, and is not there for other errors', async () => {
  const device = await Device.open({ backend: 'null' });
  let tried = 0;
  const losing = despiteLosses(device, {}, GOES_ON, async () => {
    tried += 1;
    throw new DeviceLostError('It is gone.');
  });
  await expect(losing).rejects.toThrow(DeviceLostError);
  expect(tried).toBe(1 + MOST_LOSSES);
  const failing = despiteLosses(device, {}, GOES_ON, async () => {
    tried = 0;
    throw new CyclopsError('It is wrong.');
  });
  await expect(failing).rejects.toThrow('It is wrong.');
  expect(tried).toBe(0);
  device.close();
});

it('tries to open the device a few times, since it may have no memory left or start anew', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  const device = await Device.open({ backend: 'null' });
  const reopen = vi.spyOn(device, 'reopen');
  const lostOnce = () => {
    let isLost = false;
    const work = async () => {
      if (isLost) return 'done';
      isLost = true;
      throw new DeviceLostError('It is gone.');
    };
    const done = despiteLosses(device, {}, GOES_ON, work).catch((error) => error);
    return vi.advanceTimersByTimeAsync(10_000).then(() => done);
  };
  reopen
    .mockRejectedValueOnce(new DeviceUnavailableError('Full.'))
    .mockRejectedValueOnce(new NoAdapterError('None.', []));
  expect(await lostOnce()).toBe('done');
  expect(reopen).toHaveBeenCalledTimes(3);
  reopen.mockRejectedValue(new DeviceUnavailableError('Full.'));
  expect(await lostOnce()).toEqual(new DeviceLostError('The device was lost, and does not come back. Full.'));
  expect(reopen).toHaveBeenCalledTimes(3 + 4);
  vi.useRealTimers();
  device.close();
});
