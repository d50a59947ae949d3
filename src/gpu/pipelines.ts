import { originalOf } from './fused-kernel.ts';
import type { Immediates } from './immediates.ts';
import type { BufferSlice, Kernel } from './launch.ts';
import { compileShader } from './shader-errors.ts';

/** Bind groups kept at most; a training step needs some thousand. Beyond that they are forgotten and made anew. */
const BIND_GROUPS = 16384;

/** Pipelines by kernel and constants, layouts by access pattern, bind groups by what they bind: each made once. */
export class PipelineCache {
  readonly created = { pipelines: 0, bindGroups: 0 };
  /** What is wrong with kernels' texts, since this list was last emptied; complete after {@link compiled}. */
  readonly shaderFaults: string[] = [];
  private readonly compiling = new Set<Promise<void>>();
  private readonly layouts = new Map<string, { group: GPUBindGroupLayout; pipeline: GPUPipelineLayout }>();
  private readonly pipelines = new Map<Kernel, GPUComputePipeline>();
  private readonly bindGroups = new Map<string, GPUBindGroup>();

  constructor(
    private readonly device: GPUDevice,
    private readonly immediates: Immediates,
  ) {}

  /** The pipeline of a kernel. Kernels are compared by identity, so define each once. */
  pipeline(kernel: Kernel): GPUComputePipeline {
    const known = this.pipelines.get(kernel);
    if (known) return known;
    this.created.pipelines += 1;
    const label = kernel.name;
    const { lower } = this.immediates;
    const { module, fault } = compileShader(this.device, kernel, lower);
    // What is wrong with the text that people edit tells them more than what that makes of another.
    const original = originalOf(kernel);
    const own = original ? compileShader(this.device, original, lower).fault : null;
    const compiling = Promise.all([own, fault]).then(([first, second]) => {
      const text = first ?? second;
      this.compiling.delete(compiling);
      if (text !== null) this.shaderFaults.push(text);
    });
    this.compiling.add(compiling);
    const pipeline = this.device.createComputePipeline({
      label,
      layout: this.layout(kernel.access).pipeline,
      compute: { module, entryPoint: 'main', constants: { ...kernel.constants } },
    });
    this.pipelines.set(kernel, pipeline);
    return pipeline;
  }

  /** Waits until the device has judged every kernel's text that it was given. */
  async compiled(): Promise<void> {
    await Promise.all(this.compiling);
  }

  /** The bind group of these slices under a kernel's access pattern. */
  bindGroup(kernel: Kernel, bindings: readonly BufferSlice[]): GPUBindGroup {
    let key = kernel.access;
    for (const slice of bindings) key += `,${slice.buffer.id}:${slice.offset}:${slice.size}`;
    const known = this.bindGroups.get(key);
    if (known) return known;
    this.created.bindGroups += 1;
    const group = this.device.createBindGroup({
      label: kernel.name,
      layout: this.layout(kernel.access).group,
      entries: bindings.map(({ buffer, offset, size }, binding) => ({
        binding,
        resource: buffer.range(offset, size, binding),
      })),
    });
    if (this.bindGroups.size >= BIND_GROUPS) this.bindGroups.clear();
    this.bindGroups.set(key, group);
    return group;
  }

  private layout(access: string) {
    const known = this.layouts.get(access);
    if (known) return known;
    const entries = [...access].map((letter, binding): GPUBindGroupLayoutEntry => {
      return { binding, visibility: 4, buffer: { type: letter === 'r' ? 'read-only-storage' : 'storage' } };
    });
    const group = this.device.createBindGroupLayout({ label: access, entries });
    const { groups, bytes } = this.immediates.layout;
    const descriptor = { label: access, bindGroupLayouts: [group, ...groups], immediateSize: bytes };
    const made = { group, pipeline: this.device.createPipelineLayout(descriptor) };
    this.layouts.set(access, made);
    return made;
  }
}
