import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { Device } from '../../../../src/gpu/device.ts';
import type { Suite } from './suite.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Every variant is tested on one of so many problems. A software device takes a tenth of a second to compile a kernel for each. */
    oneOfProblems: number;
  }
}

/** Tests every variant of these operations that a device supports against the oracle. */
export function checkVariants(...suites: readonly Suite[]): void {
  let device: Device;
  beforeAll(async () => {
    device = await Device.open({ checked: true });
  });
  afterAll(() => device.close());

  describe.each(suites)('$operation.name', ({ checks }) => {
    const tested = checks(inject('oneOfProblems'));
    test.each(tested.map((check) => [check.name, check] as const))('%s', async (_, { supported, run }) => {
      if (supported(device)) await run(device);
    });
  });
}
