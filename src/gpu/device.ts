import { Allocator, outOfMemory } from './allocator.ts';
import { requireFlag, requireFunction, requireOptions, requireText, shown } from './arguments.ts';
import { bytesText } from './bytes.ts';
import { Capture, temporaryBytes } from './capture.ts';
import { CyclopsError, DeviceLostError, DeviceUnavailableError, OutOfMemoryError, UnsupportedError } from './errors.ts';
import { Faults } from './faults.ts';
import { fuse } from './fusion.ts';
import { type AdapterInfo, chooseAdapter, describeAdapter } from './host/adapter.ts';
import { firstLine } from './host/first-line.ts';
import type { Host, HostOptions, Wait } from './host/host.ts';
import { openHost } from './host/open-host.ts';
import { chooseImmediates, knowsImmediates } from './immediates.ts';
import type { BufferSlice, Launch, Layer } from './launch.ts';
import { PipelineCache } from './pipelines.ts';
import { BufferPool } from './pool.ts';
import { Profiler, type TimedLaunch } from './profiler.ts';
import { Readback } from './readback.ts';
import { Recorder } from './recorder.ts';
import { withoutRepeats } from './repeats.ts';
import { requireLaunch, requireLayer, requireSlice } from './require-launch.ts';
import { runSynchronously } from './synchronous.ts';
import { Trace } from './trace.ts';
import { Variables } from './variables.ts';

export interface DeviceOptions extends HostOptions {
  /** `gpu`, `cpu`, or a part of the adapter's name; default: the first that answers, discrete GPUs first. */
  device?: string | undefined;
  /** Open it with what every WebGPU device has and no more: no feature, no immediates, the standard's limits. For trying what runs everywhere. */
  portable?: boolean | undefined;
}

export interface CaptureOptions {
  /** Whether launches that are alike are done as one; by default on all adapters but software, which are full as it is and compile slowly. */
  fused?: boolean | undefined;
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

/** Temporaries of a step whose launches are fewer may take so many times what they take else, and so many bytes more. */
const [MOST_TIMES, MOST_MORE] = [1.5, 2 ** 26];

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
  private readonly faults: Faults;
  private readonly wait: Wait;
  private closed = false;
  private tracing: Trace | null = null;
  private currentLayer: Layer | null = null;
  /** Of launches; the binding is slow to tell it. */
  private readonly allowed: { adapter: string; mostWorkgroups: number; alignment: number };

  private constructor(
    private readonly host: Host,
    /** @internal */
    readonly gpu: GPUDevice,
    /** What the adapter says of itself. */
    readonly info: AdapterInfo,
    private readonly options: DeviceOptions,
  ) {
    this.faults = new Faults(gpu);
    const { maxComputeWorkgroupsPerDimension: mostWorkgroups, minStorageBufferOffsetAlignment: alignment } = gpu.limits;
    this.allowed = { adapter: info.name, mostWorkgroups, alignment };
    const allocator = new Allocator(gpu, this.faults, this);
    this.pool = new BufferPool(gpu.limits, allocator, info.executes);
    const immediates = chooseImmediates(gpu, !options.portable && knowsImmediates(host.gpu));
    this.pipelines = new PipelineCache(gpu, immediates);
    this.recorder = new Recorder(gpu, this.pipelines, immediates);
    this.wait = info.software ? host.waitForSoftware : (promise) => promise;
    this.readback = new Readback(allocator, this.wait, this.recorder);
    // Last, since memory that it lacks is looked for in all of the above.
    this.variables = new Variables(gpu, allocator, () => this.recorder.flush());
  }

  /**
   * Opens a device with the adapter's own limits and the features that the engine can use. Dawn's `null` backend compiles and
   * validates everything and executes nothing: for the cost of the host and for checks; reading from it is refused.
   *
   * @throws NoAdapterError when no adapter answers, or none that matches, DeviceUnavailableError when the one that does cannot be opened now,
   * and a CyclopsError for an option that cannot be
   */
  static async open(options: DeviceOptions = {}): Promise<Device> {
    requireOptions('Device.open', options, ['device', 'portable', 'backend', 'checked']);
    requireFlag('Device.open', 'portable', options.portable);
    requireFlag('Device.open', 'checked', options.checked);
    requireText('Device.open', 'device', options.device);
    requireText('Device.open', 'backend', options.backend);
    const host = await openHost(options);
    const adapter = await chooseAdapter(host, options.device);
    const { portable = false, backend } = options;
    const requiredFeatures = WANTED_FEATURES.filter(
      (feature): feature is GPUFeatureName => !portable && adapter.features.has(feature),
    );
    const limits = portable ? [] : WANTED_LIMITS;
    const requiredLimits = Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]]));
    const info = describeAdapter(adapter, backend);
    const gpu = await adapter
      .requestDevice({ label: 'cyclops', requiredFeatures, requiredLimits })
      .catch((error: unknown) => {
        throw unavailable(info, error);
      });
    try {
      return new Device(host, gpu, info, options);
    } catch (error) {
      gpu.destroy();
      throw error instanceof OutOfMemoryError ? unavailable(info, error) : error;
    }
  }

  /**
   * Another device of the same adapter, opened as this one was: for when this one was lost.
   *
   * @throws as `open`, and DeviceUnavailableError when another adapter answers in its place, which would give other numbers
   */
  async reopen(): Promise<Device> {
    const device = await Device.open(this.options);
    if (device.info.name === this.info.name) return device;
    device.close();
    throw new DeviceUnavailableError(`The device ${this.info.name} does not answer; ${device.info.name} does.`);
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

  /**
   * Records a launch; it runs after everything recorded before it.
   *
   * @throws CyclopsError when the device is closed or lost, for a launch that is not whole, for more workgroups along an axis than it takes, and
   * for more or fewer bindings than the kernel has
   */
  launch(launch: Launch): void {
    this.requireUsable();
    requireLaunch(launch, this.allowed);
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

  /**
   * Runs `body`, whose launches belong to the part `name` of whatever is running.
   *
   * @throws CyclopsError when it returns a promise
   */
  within<T>(name: string, body: () => T): T {
    if (typeof name !== 'string') throw new CyclopsError(`within needs the name of a part; got ${shown(name)}.`);
    const outer = this.currentLayer;
    const layer: Layer = outer ? { ...outer, path: `${outer.path}.${name}` } : { path: name, pass: 'forward' };
    return this.inLayer(layer, () => runSynchronously('within', body));
  }

  /** Runs the backward pass `body` of what was recorded for `layer`. */
  backwardOf<T>(layer: Layer | null, body: () => T): T {
    if (layer !== null) requireLayer('backwardOf', layer);
    return this.inLayer(layer && { ...layer, pass: 'backward' }, () => runSynchronously('backwardOf', body));
  }

  /**
   * Work of the host that belongs to a step, such as setting a variable: done now, or, inside a capture, before each replay.
   * It must not launch anything.
   *
   * @throws CyclopsError when it returns a promise, now or at the replay
   */
  eachStep(work: () => void): void {
    requireFunction('eachStep', work);
    const done = () => runSynchronously('eachStep', work);
    if (this.tracing) this.tracing.hostWork.push(done);
    else done();
  }

  /**
   * Writes down what `body` would do, and does none of it. Buffers that outlive it hold zeros.
   *
   * @throws CyclopsError when the body returns a promise, and inside a captured step
   */
  trace(body: () => void): Trace {
    this.requireUsable();
    this.requireUntraced('A step was captured or traced', 'Do it before or after');
    requireFunction('a traced or captured step', body);
    const trace = new Trace();
    this.tracing = trace;
    this.pool.trace = trace;
    try {
      runSynchronously('a traced or captured step', body);
    } finally {
      this.tracing = null;
      this.pool.trace = null;
      for (const buffer of trace.survivors) this.pool.place(buffer);
    }
    return trace;
  }

  /**
   * Captures `body`, a step of static shapes, without running it; each `replay()` of the result then does the same again. A leaf that has no
   * `grad` at the capture has it set by each replay; where it has one, as of an optimiser, gradients are added to it, until `zeroGrad`.
   *
   * Launches that are alike and do not need each other are done as one, up to eight, and what still stands somewhere is not computed again.
   * Both leave results as they are.
   *
   * @throws CyclopsError for an option that cannot be, and when the step uploads host data, reads results, returns a promise, captures or
   * replays another step, or disposes of a tensor that it uses and did not make
   */
  capture(body: () => void, options: CaptureOptions = {}): Capture {
    requireOptions('capture', options, ['fused']);
    requireFlag('capture', 'fused', options.fused);
    const { fused = !this.info.software } = options;
    const trace = this.trace(body);
    const fewer = this.fewer(trace, fused);
    try {
      if (fewer) return new Capture(this, trace, fewer);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
    return new Capture(this, trace);
  }

  /**
   * Writes host data into a slice, after everything recorded so far. `data` must be a multiple of 4 bytes long.
   *
   * @throws CyclopsError when the device is closed or lost, and for data that does not fit
   */
  write(target: BufferSlice, data: ArrayBufferView<ArrayBuffer>): void {
    this.requireUsable();
    requireSlice('write', target, 4);
    if (!(ArrayBuffer.isView(data) && data.byteLength % 4 === 0 && data.byteLength <= target.size)) {
      throw new CyclopsError(
        `write takes an array of whole 4 bytes, at most ${target.size}; got ${ArrayBuffer.isView(data) ? `${data.byteLength} bytes` : shown(data)}.`,
      );
    }
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
   * @throws CyclopsError when the device is closed or lost, inside a captured step, and on the null backend
   * @throws Error saying what the device reported since the last check
   */
  async read(source: BufferSlice): Promise<ArrayBuffer> {
    this.requireUsable();
    requireSlice('read', source, 4);
    if (!this.info.executes) {
      throw new UnsupportedError(
        'The null backend executes nothing, so there is nothing to read from it. Open a real device instead.',
        'execution',
      );
    }
    this.requireUntraced('Results were read', 'Read them after its replay');
    try {
      return await this.readback.read(source);
    } finally {
      await this.pipelines.compiled();
      this.check();
    }
  }

  /** Waits until everything recorded so far has run; throws what went wrong since the last check. */
  async fence(): Promise<void> {
    this.requireUsable();
    this.recorder.flush();
    await this.wait(this.gpu.queue.onSubmittedWorkDone());
    await this.pipelines.compiled();
    this.check();
  }

  /**
   * Runs `body`, which records launches or replays a capture, and times each launch on the device. Each then is a pass of its
   * own, so the whole takes longer than without.
   *
   * @returns one entry a launch, in order
   * @throws CyclopsError when the device has no timestamp queries, is closed or lost, on the null backend, when the body returns a promise,
   * and inside a captured step or another profile
   */
  async profile(body: () => void): Promise<TimedLaunch[]> {
    this.requireUsable();
    this.requireUntraced('Launches were timed', 'Time its replay');
    if (this.recorder.profiler)
      throw new CyclopsError('Launches are timed by a profile around this one. Use one of the two.');
    if (!this.info.executes || !this.features.has('timestamp-query')) {
      const reason = this.info.executes ? 'lacks the feature timestamp-query' : 'executes nothing';
      throw new UnsupportedError(
        `Launches cannot be timed one by one on ${this.info.name}: it ${reason}. Time the whole instead, or choose another device.`,
        this.info.executes ? 'timestamp-query' : 'execution',
      );
    }
    this.recorder.flush();
    const profiler = new Profiler(this.gpu);
    this.recorder.profiler = profiler;
    try {
      try {
        runSynchronously('profile', body);
      } finally {
        // Passes that are timed must be submitted before what times them goes, also when the body throws between two of them.
        this.recorder.flush();
        this.recorder.profiler = null;
      }
      const timed = await profiler.collect(this.wait);
      await this.pipelines.compiled();
      this.check();
      return timed;
    } finally {
      profiler.dispose();
    }
  }

  /** Gives memory that is kept for reuse back to the driver: for when other programs need it, or after the largest work is done. */
  trim(): void {
    if (this.closed) return;
    this.recorder.flush();
    this.pool.trim();
    this.readback.trim();
  }

  /** What the engine holds and what it is at, for the message when there is no memory for more. */
  circumstances(): string {
    const { liveBytes, liveBuffers, pooledBytes } = this.pool.use;
    const kept = pooledBytes > 0 ? ` and keeps ${bytesText(pooledBytes)} for reuse` : '';
    const at = this.layer ? `, at ${this.layer.path} (${this.layer.pass})` : '';
    return `it holds ${bytesText(liveBytes)} in ${liveBuffers} buffer${liveBuffers === 1 ? '' : 's'}${kept}${at}`;
  }

  /** @throws CyclopsError when the device is closed, a DeviceLostError when it was lost */
  requireUsable(): void {
    const { lost } = this.faults;
    if (this.closed) {
      throw new CyclopsError(
        `The device ${this.info.name} is closed. Close it when all work with it is done, or open another.`,
      );
    }
    if (lost !== null) {
      throw new DeviceLostError(`The device ${this.info.name} was lost (${lost}), and with it all that it held.`);
    }
  }

  /**
   * @param what happened, as the beginning of a sentence
   * @param instead what to do, likewise
   * @throws CyclopsError while a step is captured or traced
   * @internal
   */
  requireUntraced(what: string, instead: string): void {
    if (this.tracing) throw new CyclopsError(`${what} inside a captured step. ${instead} instead.`);
  }

  /** Ends the device. Node exits only after this. Twice is harmless. */
  close(): void {
    this.closed = true;
    this.gpu.destroy();
  }

  /** A step's launches, each result made once and, if `fused`, those that are alike as one; null where that wants far more memory. */
  private fewer(trace: Trace, fused: boolean): Launch[] | null {
    const { maxStorageBuffersPerShaderStage: bindings, maxComputeWorkgroupsPerDimension: workgroups } = this.gpu.limits;
    const once = withoutRepeats(trace.launches, trace.temporaries);
    const most = MOST_TIMES * temporaryBytes(trace, trace.launches) + MOST_MORE;
    for (const launches of once.length < trace.launches.length ? [once, trace.launches] : [trace.launches]) {
      const together = fused ? fuse(launches, { bindings, workgroups }) : launches;
      if (temporaryBytes(trace, together) <= most) return together;
    }
    return null;
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

  /** Throws what went wrong since the last check. A broken text comes first: what else the device reports are the consequences. */
  private check(): void {
    this.requireUsable();
    const shaders = this.pipelines.shaderFaults.splice(0);
    const memory = this.faults.takeOutOfMemory();
    const others = this.faults.takeOthers();
    const [reason] = memory;
    if (shaders.length === 0 && reason !== undefined) {
      throw outOfMemory(this, `ran out of memory (${reason})`);
    }
    const faults = [...shaders, ...memory, ...others];
    const [first] = faults;
    if (first === undefined) return;
    const count = faults.length;
    throw new Error(`The device reported ${count} error${count > 1 ? 's' : ''}; the first: ${first}`);
  }
}

/** @param error what came of opening it */
function unavailable({ name }: AdapterInfo, error: unknown): DeviceUnavailableError {
  const said = firstLine(error instanceof Error ? error.message : String(error));
  const lacksMemory = error instanceof OutOfMemoryError || /out[ _]of[ _]\w*[ _]?memory/i.test(said);
  return new DeviceUnavailableError(
    `The device ${name} could not be opened: ${lacksMemory ? 'it has no memory left' : said}.`,
  );
}
