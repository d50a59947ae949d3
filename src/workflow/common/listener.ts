import type { TrainingProgress } from '../../cyclegan/run/trainer.ts';
import type { StopSignal } from '../../gpu/stop-signal.ts';

/** How far a workflow has come. */
export type Progress =
  /** A training of several has begun: of a fold, of all training images after them, or of a run of a protocol. */
  | { stage: 'run'; what: 'fold' | 'all' | 'run'; number: number; total: number; folder: string }
  /** Steps of a segmenter on grounds that were made. */
  | { stage: 'warm-up'; done: number; total: number }
  | { stage: 'training'; done: number; total: number; training: TrainingProgress }
  /** Looking for the fastest kernels; `detail` names the problem that is measured, and says at the end what was found. */
  | { stage: 'kernels'; done: number; total: number; detail: string }
  /** Images. Told with `done` 0 before the first, so that rates can be reckoned. */
  | { stage: 'calibration'; done: number; total: number }
  /** `windows` where a large image is judged window by window: how far it is. */
  | { stage: 'scoring'; done: number; total: number; windows?: { file: string; done: number; total: number } };

/** Who starts a workflow may watch it, and stop it. */
export interface Listener {
  /** Ends the work after the step or image in progress; each workflow says what it leaves then. */
  signal?: StopSignal | undefined;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Takes a sentence or two on what a person should know, such as a file that was left out. */
  onWarning?: ((warning: string) => void) | undefined;
}

/** What of a workflow's options belongs to its listener. */
export function listenerOf({ signal, onProgress, onWarning }: Listener): Listener {
  return { signal, onProgress, onWarning };
}
