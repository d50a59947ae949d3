/**
 * For `npm run portable`: every device that a test opens offers what all WebGPU devices do, and no more. Tests of f16 that stand among
 * others are skipped, and say why.
 */
import { beforeEach } from 'vitest';
import { Device, type DeviceOptions } from '../src/gpu/device.ts';

const { open } = Device;
Device.open = (options: DeviceOptions = {}) => open.call(Device, { ...options, portable: true });

const NEEDS_F16 = [/f16/, /another dtype/, /are no f32/, /^integers come back/, /^cast, both ways/, /scaler/];

beforeEach(({ task, skip }) => {
  skip(
    NEEDS_F16.some((words) => words.test(task.name)),
    'a portable device stores no f16',
  );
});
