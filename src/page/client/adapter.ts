import type { AdapterInfo } from '../../gpu/host/adapter.ts';

/** Which device judges, for people. */
export function adapterText({ name, device, vendor, architecture, software }: AdapterInfo): string {
  const told = name === vendor || name === '' ? [vendor, architecture, device].filter((word) => word !== '') : [name];
  const shown = told.join(' ') || 'an adapter that does not tell its name';
  return software ? `${shown}, which is the processor and slow: a graphics card would be many times faster` : shown;
}
