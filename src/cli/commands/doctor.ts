import type { Command } from 'commander';
import { type Device, WANTED_LIMITS } from '../../gpu/device.ts';
import { wrap } from '../failure.ts';
import { addCommonOptions, type CommonOptions, withDevice } from '../options.ts';
import { versions } from '../versions.ts';

export function addDoctor(program: Command): void {
  const command = program.command('doctor').description('say which device answers and what it can do');
  addCommonOptions(command).action(async (options: CommonOptions) => {
    await withDevice(options, async (device) => process.stdout.write(diagnosis(device)));
  });
}

function diagnosis(device: Device): string {
  const { info, features, limits } = device;
  const { min, max } = info.subgroupSize;
  const facts: [string, string][] = [
    ['adapter', info.name],
    ['vendor', info.vendor || 'not told'],
    ['architecture', info.architecture || 'not told'],
    ['kind', info.software ? 'software: the CPU stands in for a GPU' : 'hardware'],
    ['subgroups', features.has('subgroups') ? `${min === max ? min : `${min} to ${max}`} lanes` : 'none'],
    ['features', [...features].sort().join(', ')],
    ...WANTED_LIMITS.map((limit): [string, string] => [limit, `${limits[limit]}`]),
    ...Object.entries(versions()),
  ];
  return `${facts.map(([name, value]) => `${name.padEnd(34)} ${value}`).join('\n')}\n\n${wrap(advice(device))}\n`;
}

function advice({ info, features }: Device): string {
  if (info.software) {
    return (
      'Everything runs on this device, slowly: use the presets tiny and small, and leave paper256 to a GPU. If this machine ' +
      "has a GPU, install its vendor's Vulkan driver; it is then chosen by itself."
    );
  }
  const slow = ['subgroups', 'shader-f16'].filter((feature) => !features.has(feature));
  if (slow.length === 0) return 'This device has everything that Cyclops can use.';
  return `This device lacks ${slow.join(' and ')}. All results are the same without; a newer driver may offer them.`;
}
