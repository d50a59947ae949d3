/** Builds the Vulkan layer whose calls fail on demand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileLibrary } from '../shared-library.ts';

const NAME = 'VK_LAYER_CYCLOPS_faulty';
const SOURCE = fileURLToPath(new URL('faulty-layer.c', import.meta.url));

/** A call of Vulkan, and which of them fails: the n-th, or with a plus all from it on. */
type CallFault = `${'submit' | 'allocate' | 'pipeline' | 'device'}:${number}${'' | '+'}`;

/** Some of them, with commas between. */
export type DeviceFault = CallFault | `${CallFault},${string}`;

/**
 * @param folder where it is built
 * @returns the environment in which a process has the layer, or why there is none
 */
export function buildFaultyLayer(
  folder: string,
): { env: (fault: DeviceFault) => NodeJS.ProcessEnv } | { reason: string } {
  if (process.platform !== 'linux') return { reason: 'layers are loaded this way on Linux' };
  const library = join(folder, 'libfaulty.so');
  const reason = compileLibrary(SOURCE, library);
  if (reason !== null) return { reason };
  const layer = {
    ...{ name: NAME, type: 'GLOBAL', library_path: library, api_version: '1.3.0' },
    ...{ implementation_version: '1', description: 'calls that fail on demand' },
  };
  writeFileSync(join(folder, 'faulty.json'), JSON.stringify({ file_format_version: '1.0.0', layer }));
  return { env: (fault) => ({ VK_LAYER_PATH: folder, VK_INSTANCE_LAYERS: NAME, CYCLOPS_FAULT: fault }) };
}
