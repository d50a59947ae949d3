/**
 * How the numbers of a launch reach its kernel. WGSL declares them as `var<immediate>`; where a device knows no immediates, that one line
 * becomes a uniform buffer, and each launch that waits for its submit has a place of its own in it.
 */
import { IMMEDIATE_BYTES, LAUNCHES_PER_SUBMIT } from './launch.ts';

/** One way for a launch's numbers, chosen once for a device. */
export interface Immediates {
  /** A kernel's text as this way needs it; every line stays where it was. */
  lower(code: string): string;
  /** Beside the kernel's own group 0. */
  readonly layout: { readonly groups: readonly GPUBindGroupLayout[]; readonly bytes: number };
  /** Gives the next dispatch of a pass its numbers. */
  set(pass: GPUComputePassEncoder, words: ArrayBuffer): void;
  /** Brings everything set since the last time to the device; before each submit. */
  upload(): void;
}

const DECLARATION = /\bvar\s*<\s*immediate\s*>/;

/** A kernel's text with its immediates as a uniform of group 1. @internal */
export function immediatesAsUniform(code: string): string {
  return code.replace(DECLARATION, '@group(1) @binding(0) var<uniform>');
}

/** @param immediate whether the device has immediates @internal */
export function chooseImmediates(device: GPUDevice, immediate: boolean): Immediates {
  return immediate ? new NativeImmediates() : new UniformImmediates(device);
}

/** Whether shaders and passes know immediates here; both came to WebGPU after its first release. @internal */
export function knowsImmediates(gpu: GPU): boolean {
  const inPasses = 'setImmediates' in GPUComputePassEncoder.prototype;
  return inPasses && gpu.wgslLanguageFeatures.has('immediate_address_space');
}

class NativeImmediates implements Immediates {
  readonly layout = { groups: [], bytes: IMMEDIATE_BYTES };

  lower(code: string): string {
    return code;
  }

  set(pass: GPUComputePassEncoder, words: ArrayBuffer): void {
    if (words.byteLength > 0) pass.setImmediates(0, words);
  }

  upload(): void {}
}

/** Between the places of two launches: every device takes offsets of whole 256 bytes. */
const STRIDE = 256;

class UniformImmediates implements Immediates {
  readonly layout: Immediates['layout'];
  private readonly words = new Uint32Array((LAUNCHES_PER_SUBMIT * STRIDE) / 4);
  private readonly memory: GPUBuffer;
  private readonly group: GPUBindGroup;
  private used = 0;

  constructor(private readonly device: GPUDevice) {
    const label = 'immediates';
    const usage = 0x40 /* UNIFORM */ | 0x8; /* COPY_DST */
    this.memory = device.createBuffer({ label, size: this.words.byteLength, usage });
    const buffer = { type: 'uniform', hasDynamicOffset: true } as const;
    const layout = device.createBindGroupLayout({ label, entries: [{ binding: 0, visibility: 4, buffer }] });
    const resource = { buffer: this.memory, size: IMMEDIATE_BYTES };
    this.group = device.createBindGroup({ label, layout, entries: [{ binding: 0, resource }] });
    this.layout = { groups: [layout], bytes: 0 };
  }

  lower(code: string): string {
    return immediatesAsUniform(code);
  }

  set(pass: GPUComputePassEncoder, words: ArrayBuffer): void {
    const offset = STRIDE * this.used;
    this.words.set(new Uint32Array(words), offset / 4);
    pass.setBindGroup(1, this.group, [offset]);
    this.used += 1;
  }

  /** The queue writes them after what was submitted before has read its own. */
  upload(): void {
    if (this.used === 0) return;
    this.device.queue.writeBuffer(this.memory, 0, this.words, 0, (STRIDE * this.used) / 4);
    this.used = 0;
  }
}
