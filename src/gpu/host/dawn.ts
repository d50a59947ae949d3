/** The one file of the engine that loads Dawn: WebGPU for Node, from the package `webgpu`. */
import { create, globals } from 'webgpu';
import type { Host } from './host.ts';

/** Robustness and integer-division guards cost 17 % of a convolution's time; `checked` keeps the first, for tests. */
const FAST = ['disable_robustness', 'disable_polyfills_on_integer_div_and_mod'];

/**
 * Matrices of subgroups are experimental, and on NVIDIA's older drivers Dawn offers no f16, so no matrices either, unless told to. No kernel
 * reads workgroup memory that it did not write, so none need be set to zero first, which a tile of matrices would do with 23 to 38 KB.
 */
const ALWAYS = ['allow_unsafe_apis', 'vulkan_enable_f16_on_nvidia', 'disable_workgroup_init'];

/** What Dawn is told to do other than by default. */
export function dawnToggles(checked = false): { enabled: string[]; disabled: string[] } {
  return { enabled: [...ALWAYS, ...(checked ? [] : FAST)], disabled: ['timestamp_quantization'] };
}

/** @param backend restricts Dawn to one backend (`vulkan`, `null`, …). @param checked keeps bounds checks in kernels. */
export function openDawn(options: { backend?: string | undefined; checked?: boolean | undefined }): Host {
  Object.assign(globalThis, globals);
  const { enabled, disabled } = dawnToggles(options.checked);
  const flags = [`enable-dawn-features=${enabled.join(',')}`, `disable-dawn-features=${disabled.join(',')}`];
  if (options.backend) flags.push(`backend=${options.backend}`);
  return { gpu: dawnInstance(flags), environment: process.env, waitForSoftware };
}

const INSTANCES = Symbol.for('cyclops.dawn.instances');

/**
 * Dawn's instance with these flags, kept for the life of the process: the binding polls an instance on the next turn of the event
 * loop while a promise of it is pending, also when the collector has freed the instance by then, and hangs or aborts. Instances hang on
 * the global object, since a module is collected too where its loader lets go of it, as a test runner's does.
 *
 * @param flags as the package's `create` takes them, e.g. `backend=vulkan`
 */
export function dawnInstance(flags: string[]): GPU {
  const roots = globalThis as { [INSTANCES]?: Map<string, GPU> };
  roots[INSTANCES] ??= new Map();
  const key = flags.join(' ');
  const gpu = roots[INSTANCES].get(key) ?? create(flags);
  roots[INSTANCES].set(key, gpu);
  return gpu;
}

const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Awaits a promise of Dawn's without burning a core: Dawn polls on every turn of the event loop while a promise is pending, and on a
 * software device that core is the device. A millisecond's sleep a turn leaves it alone, and stops whatever else the process does for
 * as long, so that it is nothing for a GPU.
 */
async function waitForSoftware<T>(promise: Promise<T>): Promise<T> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  while (!settled) {
    await new Promise((resume) => setImmediate(resume));
    if (!settled) Atomics.wait(never, 0, 0, 1);
  }
  return promise;
}
