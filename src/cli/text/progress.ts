import { Presets, SingleBar } from 'cli-progress';
import type { TrainingProgress } from '../../cyclegan/run/trainer.ts';

/** Without a terminal, a line after so many milliseconds replaces the bar. */
const LINE_MILLISECONDS = 10_000;

/** Something that shows how far a piece of work has come, on standard error. */
export interface ProgressDisplay {
  update(done: number, detail: string): void;
  stop(): void;
}

/** A bar on a terminal, a line now and then elsewhere, nothing when quiet. */
export function showProgress(what: string, total: number, quiet: boolean): ProgressDisplay {
  if (quiet) return { update: () => {}, stop: () => {} };
  return process.stderr.isTTY ? terminalBar(what, total) : lines(what, total);
}

function terminalBar(what: string, total: number): ProgressDisplay {
  const format = `${what} {bar} {value}/{total} {detail}`;
  const bar = new SingleBar(
    { format, barsize: 16, hideCursor: true, clearOnComplete: false, stream: process.stderr, gracefulExit: false },
    Presets.shades_classic,
  );
  bar.start(total, 0, { detail: '' });
  return { update: (done, detail) => bar.update(done, { detail }), stop: () => bar.stop() };
}

function lines(what: string, total: number): ProgressDisplay {
  let last = performance.now();
  return {
    update: (done, detail) => {
      const now = performance.now();
      if (done < total && now - last < LINE_MILLISECONDS) return;
      last = now;
      process.stderr.write(`${what} ${done}/${total} ${detail}\n`);
    },
    stop: () => {},
  };
}

/** e.g. `epoch 3/10 12.3 images/s, 4m10s left | G 0.31 0.28 D 0.20 0.24 cycle 1.10 1.32 idt 0.50 0.61`, A before B, without pairs that are both 0. */
export function trainingDetail({ epoch, epochs, imagesPerSecond, secondsLeft, losses }: TrainingProgress): string {
  const pair = (name: string, a: number, b: number) =>
    a === 0 && b === 0 ? [] : [`${name} ${a.toFixed(2)} ${b.toFixed(2)}`];
  const values = [
    pair('G', losses.G_A, losses.G_B),
    pair('D', losses.D_A, losses.D_B),
    pair('cycle', losses.cycle_A, losses.cycle_B),
    pair('idt', losses.idt_A, losses.idt_B),
  ].flat();
  const speed = `${imagesPerSecond.toFixed(1)} images/s, ${duration(secondsLeft)} left`;
  return `epoch ${epoch}/${epochs} ${speed} | ${values.join(' ')}`;
}

/** e.g. `45s`, `4m10s`, `3h05m`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h${two(Math.floor((whole % 3600) / 60))}m`;
}
