/**
 * Gives packages that were written for browsers a `navigator.gpu`: Cyclops' own Dawn, opened with the same toggles. To be
 * imported before them.
 */
import { describeAdapter } from '../../src/gpu/host/adapter.ts';
import { openDawn } from '../../src/gpu/host/dawn.ts';

const { gpu, waitForSoftware } = openDawn({});
Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'Node.js' }, configurable: true });

/** Awaits a promise of the device's without taking a core from a CPU adapter, as Cyclops does. */
export { waitForSoftware as wait };

/** The adapter that the packages get: all of them ask as Cyclops does. */
export async function adapterName(): Promise<string> {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('No WebGPU adapter answered; see `npm run cyclops -- doctor`.');
  return describeAdapter(adapter).name;
}
