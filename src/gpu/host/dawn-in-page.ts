/** What stands for Dawn in a bundle for pages: WebGPU there is the browser's. */
import { NoAdapterError } from '../errors.ts';
import type { Host } from './host.ts';

export function openDawn(): Host {
  throw new NoAdapterError(
    'This browser offers no WebGPU. Expected Chrome or Edge 113, Safari 26, Firefox 141 or newer, with hardware acceleration on, ' +
      'and a page from https, from localhost or from a file.',
    [],
  );
}
