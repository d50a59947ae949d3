import type { Host, HostOptions } from './host.ts';

/** The page's WebGPU where there is one, else Dawn. */
export async function openHost(options: HostOptions): Promise<Host> {
  const here = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (here) return { gpu: here, environment: {}, waitForSoftware: (promise) => promise };
  const { openDawn } = await import('./dawn.ts');
  return openDawn(options);
}
