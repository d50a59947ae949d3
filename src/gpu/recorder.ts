import type { Immediates } from './immediates.ts';
import { type BufferSlice, LAUNCHES_PER_SUBMIT, type Launch } from './launch.ts';
import type { PipelineCache } from './pipelines.ts';
import type { Profiler } from './profiler.ts';

/** A launch with everything that WebGPU wants for it. */
export interface Prepared {
  readonly launch: Launch;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  /** The launch's own, as the buffer that dawn-node reads a microsecond faster than a view of it. */
  readonly immediates: ArrayBuffer;
}

/** Encodes launches into one compute pass after another and submits them in order. */
export class Recorder {
  /** Launches encoded since the device was opened. */
  launches = 0;
  /** While there is one, each launch has a pass of its own, which it times. */
  profiler: Profiler | null = null;
  private encoder: GPUCommandEncoder | null = null;
  private pass: GPUComputePassEncoder | null = null;
  private pending = 0;

  constructor(
    private readonly device: GPUDevice,
    private readonly cache: PipelineCache,
    private readonly immediates: Immediates,
  ) {}

  /** Looks up or makes a launch's pipeline and bind group. */
  prepare(launch: Launch): Prepared {
    const pipeline = this.cache.pipeline(launch.kernel);
    const bindGroup = this.cache.bindGroup(launch.kernel, launch.bindings);
    return { launch, pipeline, bindGroup, immediates: launch.immediates.buffer };
  }

  encode({ launch, pipeline, bindGroup, immediates }: Prepared): void {
    const [x, y, z] = launch.workgroups;
    if (x === 0 || y === 0 || z === 0) return;
    this.encoder ??= this.device.createCommandEncoder({ label: 'launches' });
    this.pass ??= this.encoder.beginComputePass(this.profiler?.pass(launch) ?? { label: 'launches' });
    this.pass.setPipeline(pipeline);
    this.pass.setBindGroup(0, bindGroup);
    this.immediates.set(this.pass, immediates);
    this.pass.dispatchWorkgroups(x, y, z);
    if (this.profiler) this.endPass();
    this.launches += 1;
    this.pending += 1;
    if (this.pending >= LAUNCHES_PER_SUBMIT) this.flush();
  }

  /** Encodes a copy of `bytes` from where `source` begins, between the launches before and after it. */
  copy({ buffer, offset }: BufferSlice, target: GPUBuffer, bytes: number): void {
    this.encoder ??= this.device.createCommandEncoder({ label: 'launches' });
    this.endPass();
    this.encoder.copyBufferToBuffer(buffer.gpu, offset, target, 0, bytes);
  }

  /** Submits what is encoded. */
  flush(): void {
    if (!this.encoder) return;
    this.endPass();
    this.profiler?.resolve(this.encoder);
    const commands = this.encoder.finish();
    this.encoder = null;
    this.pending = 0;
    this.immediates.upload();
    this.device.queue.submit([commands]);
  }

  private endPass(): void {
    this.pass?.end();
    this.pass = null;
  }
}
