/**
 * For `npm run portable`: every device that a test opens offers what all WebGPU devices do, and no more. Tests of f16 that stand among
 * others are skipped, and say why.
 */
import { beforeEach } from 'vitest';
import { Device, type DeviceOptions } from '../src/gpu/device.ts';

const { open } = Device;
Device.open = (options: DeviceOptions = {}) => open.call(Device, { ...options, portable: true });

const NEEDS_F16 = [/f16/, /another dtype/, /are no f32/, /^integers come back/, /^cast, both ways/, /scaler/];

/** Of a test and of the suites that it stands in. */
function namesOf({ name, suite }: Named): string[] {
  return suite ? [name, ...namesOf(suite)] : [name];
}

interface Named {
  name: string;
  suite?: Named | undefined;
}

beforeEach(({ task, skip }) => {
  const needsF16 = namesOf(task).some((name) => NEEDS_F16.some((words) => words.test(name)));
  skip(needsF16, 'a portable device stores no f16');
});
