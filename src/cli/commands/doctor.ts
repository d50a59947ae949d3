import type { Command } from 'commander';
import { type Device, WANTED_FEATURES, WANTED_LIMITS } from '../../gpu/device.ts';
import type { MatrixConfig } from '../../gpu/host/adapter.ts';
import { dawnToggles } from '../../gpu/host/dawn.ts';
import { timestampStep } from '../../gpu/timestamps.ts';
import { visible, visibleLines } from '../../report/parts/visible.ts';
import { versions } from '../../workflow/common/versions.ts';
import { wrap } from '../failure.ts';
import { addCommonOptions, type CommonFlags, withDevice } from '../options.ts';

interface DoctorOptions extends CommonFlags {
  json?: boolean;
}

/** What Dawn rounds timestamps to unless it is told not to, in nanoseconds. */
const DAWN_STEP = 65_536n;

/** Of the column with the names. */
const WIDTH = 35;

export function addDoctor(program: Command): void {
  const command = program.command('doctor').description('say which device answers and what it can do');
  command.option('--json', 'print everything that the device tells as one JSON object');
  addCommonOptions(command).action(async ({ json, ...options }: DoctorOptions) => {
    await withDevice(options, async (device) => {
      const step = await timestampStep(device.gpu);
      process.stdout.write(json ? document(device, step) : diagnosis(device, step));
    });
  });
}

function document({ info, features, limits }: Device, timestampStep: bigint | null): string {
  // The limits are getters of a prototype.
  const limitNames = Object.keys(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(limits)));
  const limitValues = limitNames.map((name) => [name, Reflect.get(limits, name)]);
  const facts = {
    adapter: info,
    features: [...features].sort(),
    limits: Object.fromEntries(limitValues.filter(([, value]) => typeof value === 'number')),
    toggles: dawnToggles(),
    timestampNanoseconds: timestampStep === null ? null : Number(timestampStep),
    versions: versions(),
  };
  return `${visibleLines(JSON.stringify(facts, null, 2))}\n`;
}

function diagnosis(device: Device, timestampStep: bigint | null): string {
  const { info, features, limits } = device;
  const { min, max } = info.subgroupSize;
  const facts: [string, string][] = [
    ['adapter', visible(info.name)],
    ['vendor', visible(info.vendor) || 'not told'],
    ['architecture', visible(info.architecture) || 'not told'],
    ['kind', info.software ? 'software: the CPU stands in for a GPU' : 'hardware'],
    ['subgroups', features.has('subgroups') ? `${min === max ? min : `${min} to ${max}`} lanes` : 'none'],
    ['matrices', info.matrixConfigs.map(matrixText).join('\n') || 'none'],
    ['timestamps', timestampStep === null ? 'none' : `steps of ${timestampStep} ns`],
    ['features', [...features].sort().join(', ')],
    ...WANTED_LIMITS.map((limit): [string, string] => [limit, `${limits[limit]}`]),
    ...Object.entries(versions()),
  ];
  const rows = facts.map(([name, value]) => `${name.padEnd(WIDTH)}${value.replaceAll('\n', `\n${' '.repeat(WIDTH)}`)}`);
  return `${rows.join('\n')}\n\n${wrap(advice(device, timestampStep))}\n`;
}

function matrixText({ m, n, k, component, result }: MatrixConfig): string {
  return `M ${m}, N ${n}, K ${k}: ${component} into ${result}`;
}

function advice({ info, features }: Device, timestampStep: bigint | null): string {
  if (info.software) {
    return (
      'Everything runs on this device, slowly: use the presets tiny, quick and small, and leave paper256 to a GPU. If this machine ' +
      "has a GPU, install its vendor's Vulkan driver; it is then chosen by itself."
    );
  }
  const lacking = WANTED_FEATURES.filter((feature) => !features.has(feature));
  const sentences = [
    lacking.length > 0
      ? `This device lacks ${lacking.join(' and ')}. All results are the same without; a newer driver may offer them.`
      : 'This device has everything that Cyclops can use.',
  ];
  if (timestampStep !== null && timestampStep >= DAWN_STEP) {
    sentences.push('Its timestamps are too coarse to time single kernels.');
  }
  return sentences.join(' ');
}
