// Prints the name of the adapter that Cyclops chooses, and exits 0 if it offers subgroup matrices.
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';

try {
  const device = await Device.open();
  const offered = device.features.has('chromium-experimental-subgroup-matrix');
  console.log(offered ? device.info.name : `${device.info.name} offers no subgroup matrices`);
  device.close();
  process.exitCode = offered ? 0 : 1;
} catch (error) {
  if (!(error instanceof CyclopsError)) throw error;
  console.log(error.message);
  process.exitCode = 1;
}
