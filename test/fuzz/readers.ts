import type { Reader } from './reader.ts';
import { commandLines } from './readers/command-lines.ts';
import { images, strips } from './readers/images.ts';
import { texts } from './readers/texts.ts';
import { model, safetensors, stateDict } from './readers/weights.ts';

/** Whatever reads what somebody else may have written. */
export const READERS: readonly Reader[] = [images, strips, safetensors, model, stateDict, ...texts, commandLines];
