import { type AdapterInfo, chooseAdapter, describeAdapter } from './adapter.ts';
import { Capture } from './capture.ts';
import { CyclopsError } from './errors.ts';
import type { Host, HostOptions } from './host.ts';
import type { BufferSlice, Launch, Layer } from './launch.ts';
import { openHost } from './open-host.ts';
import { PipelineCache } from './pipelines.ts';
import { BufferPool } from './pool.ts';
import { Profiler, type TimedLaunch } from './profiler.ts';
import { Readback } from './readback.ts';
import { Recorder } from './recorder.ts';
import { Trace } from './trace.ts';
import { Variables } from './variables.ts';

export interface DeviceOptions extends HostOptions {
  /** `gpu`, `cpu`, or a part of the adapter's name; default: the first that answers, discrete GPUs first. */
  device?: string | undefined;
}

/** Features that a device is opened with where they are offered. The last is Chromium's own, which the standard's types leave out. */
export const WANTED_FEATURES = ['subgroups', 'shader-f16', 'timestamp-query', 'chromium-experimental-subgroup-matrix'];

/** Limits that the engine depends on; a device is opened with the adapter's own values of them. */
export const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBuffersPerShaderStage',
] as const;

/** A device's limits, as WebGPU names them, that sizes of tensors and of launches must keep to. */
export type Limits = Readonly<Record<(typeof WANTED_LIMITS)[number] | 'minStorageBufferOffsetAlignment', number>>;

/** An open WebGPU device: memory, launches in order, results back. */
export class Device {
  readonly pool: BufferPool;
  /** @internal */
  readonly pipelines: PipelineCache;
  /** @internal */
  readonly recorder: Recorder;
  readonly variables: Variables;
  private readonly readback: Readback;
  private readonly faults: string[] = [];
  private lost: string | null = null;
  private tracing: Trace | null = null;
  private currentLayer: Layer | null = null;

  private constructor(
    private readonly host: Host,
    /** @internal */
    readonly gpu: GPUDevice,
    /** What the adapter says of itself. */
    readonly info: AdapterInfo,
  ) {
    this.pool = new BufferPool(gpu, info.executes);
    this.pipelines = new PipelineCache(gpu);
    this.recorder = new Recorder(gpu, this.pipelines);
    this.variables = new Variables(gpu, () => this.recorder.flush());
    this.readback = new Readback(gpu, host, this.recorder);
    gpu.addEventListener('uncapturederror', (event) => this.faults.push(event.error.message));
    gpu.lost.then((loss) => {
      if (loss.reason !== 'destroyed') this.lost = loss.message || 'no reason given';
    });
  }

  /**
   * Opens a device with the adapter's own limits and the features that the engine can use. Dawn's `null` backend compiles and
   * validates everything and executes nothing: for the cost of the host and for checks; reading from it is refused.
   *
   * @throws CyclopsError when no adapter answers, or none that matches.
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    const host = await openHost(options);
    const adapter = await chooseAdapter(host, options.device);
    const requiredFeatures = WANTED_FEATURES.filter((feature): feature is GPUFeatureName =>
      adapter.features.has(feature),
    );
    const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((limit) => [limit, adapter.limits[limit]]));
    const gpu = await adapter.requestDevice({ label: 'cyclops', requiredFeatures, requiredLimits });
    return new Device(host, gpu, describeAdapter(adapter, options.backend));
  }

  get features(): ReadonlySet<string> {
    return this.gpu.features;
  }

  get limits(): Limits {
    return this.gpu.limits;
  }

  /** The host's environment variables. */
  get environment(): Readonly<Record<string, string | undefined>> {
    return this.host.environment;
  }

  /** Records a launch; it runs after everything recorded before it. */
  launch(launch: Launch): void {
    const placed = this.currentLayer ? { ...launch, layer: this.currentLayer } : launch;
    if (this.tracing) {
      this.tracing.launches.push(placed);
      return;
    }
    this.variables.upload();
    this.recorder.encode(this.recorder.prepare(placed));
  }

  /** The part of a network that launches are recorded for now. */
  get layer(): Layer | null {
    return this.currentLayer;
  }

  /** Runs `body`, whose launches belong to the part `name` of whatever is running. */
  within<T>(name: string, body: () => T): T {
    const outer = this.currentLayer;
    const layer: Layer = outer ? { ...outer, path: `${outer.path}.${name}` } : { path: name, pass: 'forward' };
    return this.inLayer(layer, body);
  }

  /** Runs the backward pass `body` of what was recorded for `layer`. */
  backwardOf<T>(layer: Layer | null, body: () => T): T {
    return this.inLayer(layer && { ...layer, pass: 'backward' }, body);
  }

  /**
   * Work of the host that belongs to a step, such as setting a variable: done now, or, inside a capture, before each replay.
   * It must not launch anything.
   */
  eachStep(work: () => void): void {
    if (this.tracing) this.tracing.hostWork.push(work);
    else work();
  }

  /** Writes down what `body` would do, and does none of it. Buffers that outlive it hold zeros. */
  trace(body: () => void): Trace {
    if (this.tracing) throw new Error('A traced step cannot trace another.');
    const trace = new Trace();
    this.tracing = trace;
    this.pool.trace = trace;
    try {
      body();
    } finally {
      this.tracing = null;
      this.pool.trace = null;
      for (const buffer of trace.survivors) this.pool.place(buffer);
    }
    return trace;
  }

  /**
   * Captures `body`, a step of static shapes, without running it; each `replay()` of the result then does the same again.
   *
   * @throws CyclopsError when the step uploads host data or reads results
   */
  capture(body: () => void): Capture {
    return new Capture(this, this.trace(body));
  }

  /** Writes host data into a slice, after everything recorded so far. `data` must be a multiple of 4 bytes long. */
  write(target: BufferSlice, data: ArrayBufferView<ArrayBuffer>): void {
    if (this.tracing) {
      this.tracing.uploads += 1;
      return;
    }
    this.recorder.flush();
    if (!this.info.executes) return;
    this.gpu.queue.writeBuffer(target.buffer.gpu, target.offset, data);
  }

  /**
   * Reads a slice back as it is after everything recorded so far.
   *
   * @throws CyclopsError when the device was lost or reported an error since the last check, and on the null backend
   */
  async read(source: BufferSlice): Promise<ArrayBuffer> {
    if (!this.info.executes) {
      throw new CyclopsError(
        'The null backend executes nothing, so there is nothing to read from it. Choose a real device: see `cyclops doctor`.',
      );
    }
    if (this.tracing) {
      throw new CyclopsError('Results were read inside a captured step. Read them after its replay instead.');
    }
    try {
      return await this.readback.read(source);
    } finally {
      await this.pipelines.compiled();
      this.check();
    }
  }

  /** Waits until everything recorded so far has run; throws what went wrong since the last check. */
  async fence(): Promise<void> {
    this.recorder.flush();
    await this.host.wait(this.gpu.queue.onSubmittedWorkDone());
    await this.pipelines.compiled();
    this.check();
  }

  /**
   * Runs `body`, which records launches or replays a capture, and times each launch on the device. Each then is a pass of its
   * own, so the whole takes longer than without.
   *
   * @returns one entry a launch, in order
   * @throws CyclopsError when the device has no timestamp queries, and on the null backend
   */
  async profile(body: () => void): Promise<TimedLaunch[]> {
    if (!this.info.executes || !this.features.has('timestamp-query')) {
      const reason = this.info.executes ? 'lacks the feature timestamp-query' : 'executes nothing';
      throw new CyclopsError(
        `Launches cannot be timed one by one on ${this.info.name}: it ${reason}. Time the whole instead, or choose another device.`,
      );
    }
    this.recorder.flush();
    const profiler = new Profiler(this.gpu);
    this.recorder.profiler = profiler;
    try {
      body();
      this.recorder.flush();
    } finally {
      this.recorder.profiler = null;
    }
    try {
      return await profiler.collect((promise) => this.host.wait(promise));
    } finally {
      await this.pipelines.compiled();
      this.check();
    }
  }

  /** Ends the device. Node exits only after this. */
  close(): void {
    this.gpu.destroy();
  }

  private inLayer<T>(layer: Layer | null, body: () => T): T {
    const outer = this.currentLayer;
    this.currentLayer = layer;
    try {
      return body();
    } finally {
      this.currentLayer = outer;
    }
  }

  private check(): void {
    if (this.lost !== null) {
      throw new CyclopsError(
        `The device ${this.info.name} was lost: ${this.lost}. Work since the last checkpoint is gone; start again with --resume.`,
      );
    }
    // A broken text comes first: what the device reports of its own are the consequences.
    const faults = [...this.pipelines.shaderFaults.splice(0), ...this.faults.splice(0)];
    const [first] = faults;
    if (first === undefined) return;
    const count = faults.length;
    throw new Error(`The device reported ${count} error${count > 1 ? 's' : ''}; the first: ${first}`);
  }
}
