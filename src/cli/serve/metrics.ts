/** What became of a request: `refused` was not judged for its size, its form or the state of the server, `failed` for a fault here. */
export const OUTCOMES = ['flagged', 'passed', 'unreadable', 'refused', 'failed'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Upper ends of the classes of times, in seconds. */
const BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Counts and times of requests, in Prometheus' text format (version 0.0.4). */
export class Metrics {
  private readonly outcomes: Record<Outcome, number> = { flagged: 0, passed: 0, unreadable: 0, refused: 0, failed: 0 };
  private readonly classes = BOUNDS.map(() => 0);
  private count = 0;
  private seconds = 0;

  /** @param seconds from the request to the answer, of an image that was judged */
  note(outcome: Outcome, seconds?: number): void {
    this.outcomes[outcome] += 1;
    if (seconds === undefined) return;
    this.count += 1;
    this.seconds += seconds;
    for (const [i, bound] of BOUNDS.entries()) if (seconds <= bound) this.classes[i] = (this.classes[i] ?? 0) + 1;
  }

  /** @param waiting images in hand and waiting now */
  text(waiting: number): string {
    const buckets = BOUNDS.map((bound, i) => `cyclops_seconds_bucket{le="${bound}"} ${this.classes[i]}`);
    return [
      '# HELP cyclops_images_total Images that came, by what became of them.',
      '# TYPE cyclops_images_total counter',
      ...OUTCOMES.map((outcome) => `cyclops_images_total{outcome="${outcome}"} ${this.outcomes[outcome]}`),
      '# HELP cyclops_waiting Images in hand and waiting.',
      '# TYPE cyclops_waiting gauge',
      `cyclops_waiting ${waiting}`,
      '# HELP cyclops_seconds Time from request to answer of judged images.',
      '# TYPE cyclops_seconds histogram',
      ...buckets,
      `cyclops_seconds_bucket{le="+Inf"} ${this.count}`,
      `cyclops_seconds_sum ${this.seconds}`,
      `cyclops_seconds_count ${this.count}`,
      '',
    ].join('\n');
  }
}
