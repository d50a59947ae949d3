import { type Listener, listenerOf } from '../common/listener.ts';
import { GrayMasks } from '../images/gray-masks.ts';
import { windowNote } from '../images/window-note.ts';
import type { TrainRunOptions } from './train-run.ts';

type HowToTrain = 'skipBroken' | 'tune' | 'eager' | 'bankMemory' | 'onProfile';

/** What one command's trainings have in common, however many there are: what one of them has told of its files, the others do not repeat. */
export type TrainingWork = Pick<TrainRunOptions, HowToTrain | 'grayMasks' | 'onDicomWindow' | keyof Listener>;

export function trainingWork(
  options: Listener & { [Name in HowToTrain]?: TrainRunOptions[Name] | undefined },
): TrainingWork {
  const { skipBroken = false, tune = true, eager = false, bankMemory, onProfile, onWarning } = options;
  return {
    ...{ ...listenerOf(options), skipBroken, tune, eager, bankMemory, onProfile },
    ...{ grayMasks: new GrayMasks(), onDicomWindow: windowNote(onWarning) },
  };
}
