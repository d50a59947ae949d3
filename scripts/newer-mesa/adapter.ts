// Prints the name of the adapter that Cyclops chooses, and exits 0 if it offers what the argument asks for.
import { Device } from '../../src/gpu/device.ts';
import { CyclopsError } from '../../src/gpu/errors.ts';

const offers = {
  matrices: (device: Device) => device.features.has('chromium-experimental-subgroup-matrix'),
  lanes: (device: Device) => device.info.subgroupSize.min >= 16,
};
const lacks = { matrices: 'offers no subgroup matrices', lanes: 'computes by fewer than 16 lanes' };
const wanted = process.argv[2] === 'lanes' ? 'lanes' : 'matrices';

try {
  const device = await Device.open();
  const isOffered = offers[wanted](device);
  console.log(isOffered ? device.info.name : `${device.info.name} ${lacks[wanted]}`);
  device.close();
  process.exitCode = isOffered ? 0 : 1;
} catch (error) {
  if (!(error instanceof CyclopsError)) throw error;
  console.log(error.message);
  process.exitCode = 1;
}
