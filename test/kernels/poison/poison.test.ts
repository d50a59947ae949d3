import { expect, test } from 'vitest';
import { Device } from '../../../src/gpu/device.ts';
import { peek, poisonWorkgroups } from './poison.ts';

test.each([true, false])(
  'workgroup memory is not set to zero (checked: %s), so tests of kernels can poison it',
  async (checked) => {
    const device = await Device.open({ checked });
    // A thread that has run nothing yet begins with memory fresh from the system.
    let poisoned = false;
    for (let attempt = 0; attempt < 100 && !poisoned; attempt++) {
      poisonWorkgroups(device);
      poisoned = (await peek(device)).every(Number.isNaN);
    }
    device.close();
    expect(poisoned).toBe(true);
  },
);
