import { visible } from '../report/parts/visible.ts';
import type { Listener, Progress } from '../workflow/common/listener.ts';
import { wrap } from './failure.ts';
import { duration, type ProgressDisplay, showProgress, trainingDetail } from './text/progress.ts';

/** A listener on standard error, and how to end it. */
interface TerminalListener {
  listener: Pick<Listener, 'onProgress' | 'onWarning'>;
  /** Ends the bar that is shown, if one is. */
  stop(): void;
}

/**
 * Shows how far a workflow has come, and its warnings: a bar for each stage. Nothing when quiet.
 *
 * @param shownElsewhere a stage without a bar, since what is printed of it shows how far it has come, but within a large image
 */
export function listenOnTerminal(quiet: boolean, shownElsewhere?: Progress['stage']): TerminalListener {
  if (quiet) return { listener: {}, stop: () => {} };
  const say = (line: string) => process.stderr.write(`${line}\n`);
  let shown: { stage: Progress['stage']; display: ProgressDisplay; began: number } | null = null;
  const stop = () => {
    shown?.display.stop();
    shown = null;
  };
  const onProgress = (progress: Progress) => {
    const { stage, total } = progress;
    if (shown?.stage !== stage) stop();
    const isWithin = stage === 'scoring' && progress.windows !== undefined;
    if (stage === shownElsewhere && !isWithin) return stop();
    if (stage === 'run') return void say(runText(progress));
    if (stage === 'kernels' && !shown) {
      say('Measuring which kernels are fastest here, once for this device and these sizes; --no-tune skips it.');
    }
    shown ??= { stage, display: showProgress(stage, total, false), began: performance.now() };
    shown.display.update(progress.done, detailOf(progress, (performance.now() - shown.began) / 1000));
    if (progress.done === total) stop();
  };
  return { listener: { onProgress, onWarning: (warning) => void say(wrap(warning)) }, stop };
}

function runText({ what, number, total, folder }: Extract<Progress, { stage: 'run' }>): string {
  return visible(what === 'all' ? `all training images: ${folder}` : `${what} ${number} of ${total}: ${folder}`);
}

function detailOf(progress: Exclude<Progress, { stage: 'run' }>, seconds: number): string {
  if (progress.stage === 'training') return trainingDetail(progress.training);
  if (progress.stage === 'kernels') return progress.detail;
  const { done, total } = progress;
  if (progress.stage === 'scoring' && progress.windows) {
    const { file, ...windows } = progress.windows;
    return `${visible(file)}: ${windows.done} of ${windows.total} windows`;
  }
  if (done === 0) return '';
  const unit = progress.stage === 'warm-up' ? 'steps' : 'images';
  return `${(done / seconds).toFixed(1)} ${unit}/s, ${duration((seconds / done) * (total - done))} left`;
}
