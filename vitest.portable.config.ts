import { mergeConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The engine's tests on a device with no feature, no immediates and the standard's limits, which is what every browser offers. */
export default mergeConfig(base, {
  test: {
    // The kernels are those that `npm test` checks on every problem; an odd number, so that every kind of case comes to each.
    provide: { oneOfProblems: 13 },
    setupFiles: ['test/portable-device.ts'],
    exclude: [
      // What such a device lacks is refused in words: f16 …
      'test/{kernels,autograd}/half.test.ts',
      'test/optim/loss-scaler.test.ts',
      // … timestamps …
      'test/gpu/{profiler,synchronous,timestamps}.test.ts',
      // … subgroups, which are tested to be the choice here, and their matrices.
      'test/kernels/tuning/choices.test.ts',
      'test/kernels/matrix/**',
      // These open what is no device, or look at the limits that a driver has.
      'test/gpu/{out-of-memory,waiting}.test.ts',
      'test/kernels/ceilings.test.ts',
    ],
  },
});
