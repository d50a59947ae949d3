import type { Wait } from './host/host.ts';
import type { Launch } from './launch.ts';
import { LAUNCHES_PER_SUBMIT } from './launch.ts';

/** A launch, and when it began and ended on the device, in nanoseconds since the first of the profile began. */
export interface TimedLaunch {
  readonly launch: Launch;
  readonly begin: number;
  readonly end: number;
}

/** The launches of one submit and the buffer that brings their times to the host. */
interface Block {
  readonly launches: readonly Launch[];
  readonly staging: GPUBuffer;
}

const BYTES_PER_LAUNCH = 16;

/**
 * Times launches by timestamp queries, two each, for as long as the recorder holds it.
 *
 * @internal
 */
export class Profiler {
  private readonly queries: GPUQuerySet;
  private readonly resolved: GPUBuffer;
  private readonly blocks: Block[] = [];
  private launches: Launch[] = [];

  constructor(private readonly device: GPUDevice) {
    const label = 'profiler';
    this.queries = device.createQuerySet({ label, type: 'timestamp', count: 2 * LAUNCHES_PER_SUBMIT });
    const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
    this.resolved = device.createBuffer({ label, size: BYTES_PER_LAUNCH * LAUNCHES_PER_SUBMIT, usage });
  }

  /** The pass that a launch has for itself. */
  pass(launch: Launch): GPUComputePassDescriptor {
    const index = 2 * this.launches.length;
    this.launches.push(launch);
    const timestampWrites = {
      querySet: this.queries,
      beginningOfPassWriteIndex: index,
      endOfPassWriteIndex: index + 1,
    };
    return { label: launch.label, timestampWrites };
  }

  /** Encodes, behind the launches of a submit, what carries their times away before the next submit writes its own. */
  resolve(encoder: GPUCommandEncoder): void {
    const { launches } = this;
    if (launches.length === 0) return;
    this.launches = [];
    const size = BYTES_PER_LAUNCH * launches.length;
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = this.device.createBuffer({ label: 'profile', size, usage });
    encoder.resolveQuerySet(this.queries, 0, 2 * launches.length, this.resolved, 0);
    encoder.copyBufferToBuffer(this.resolved, 0, staging, 0, size);
    this.blocks.push({ launches, staging });
  }

  /** Waits for the times of everything submitted. */
  async collect(wait: Wait): Promise<TimedLaunch[]> {
    const timed: TimedLaunch[] = [];
    let first: bigint | null = null;
    for (const { launches, staging } of this.blocks) {
      await wait(staging.mapAsync(GPUMapMode.READ));
      const times = new BigUint64Array(staging.getMappedRange().slice());
      const start: bigint = first ?? times[0] ?? 0n;
      first = start;
      const at = (index: number) => Number((times[index] ?? start) - start);
      launches.forEach((launch, i) => {
        timed.push({ launch, begin: at(2 * i), end: at(2 * i + 1) });
      });
    }
    return timed;
  }

  dispose(): void {
    for (const { staging } of this.blocks) staging.destroy();
    this.queries.destroy();
    this.resolved.destroy();
  }
}
