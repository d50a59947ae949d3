import { NoAdapterError } from '../errors.ts';
import { firstLine } from './first-line.ts';
import type { Host } from './host.ts';

/** A product that a subgroup computes together: left [m,k] · right [k,n] of `component` values, into [m,n] of `result`. */
export interface MatrixConfig {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly component: string;
  readonly result: string;
}

/** What an adapter says of itself. */
export interface AdapterInfo {
  /** What the driver calls it, for people; often with the driver's version. */
  readonly name: string;
  /** The piece of hardware, where it is told. */
  readonly device: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly subgroupSize: { readonly min: number; readonly max: number };
  /** What `chromium-experimental-subgroup-matrix` offers here, if it does. */
  readonly matrixConfigs: readonly MatrixConfig[];
  /** A CPU that pretends to be a GPU (lavapipe, SwiftShader, WARP). */
  readonly software: boolean;
  /** False for Dawn's null backend, which compiles kernels and runs none. */
  readonly executes: boolean;
}

/**
 * @param backend Dawn's, if one was asked for.
 * @internal
 */
export function describeAdapter(adapter: GPUAdapter, backend?: string): AdapterInfo {
  const { info } = adapter;
  const executes = backend !== 'null';
  const name = executes ? nameOf(info) : 'null backend';
  const software = /llvmpipe|lavapipe|swiftshader|warp|software/i.test(`${name} ${info.architecture}`);
  const subgroupSize = { min: info.subgroupMinSize ?? 0, max: info.subgroupMaxSize ?? 0 };
  return {
    name,
    device: info.device,
    vendor: info.vendor,
    architecture: info.architecture,
    subgroupSize,
    // Mesa's matrices (26.1.6) are of 8 lanes, and end the process where 16 compute in step.
    matrixConfigs: software && subgroupSize.min > 8 ? [] : matrixConfigsOf(info),
    software,
    executes,
  };
}

/** Chromium's extension of the standard, which the types leave out. */
interface ExtendedInfo extends GPUAdapterInfo {
  readonly subgroupMatrixConfigs?: Iterable<{
    readonly M: number;
    readonly N: number;
    readonly K: number;
    readonly componentType: string;
    readonly resultComponentType: string;
  }>;
}

function matrixConfigsOf(info: ExtendedInfo): MatrixConfig[] {
  // The entries are not plain objects: each field is read by name.
  return [...(info.subgroupMatrixConfigs ?? [])].map(({ M, N, K, componentType, resultComponentType }) => ({
    ...{ m: M, n: N, k: K },
    component: componentType,
    result: resultComponentType,
  }));
}

/** Some drivers describe themselves and name only the vendor; the device, such as `nvidia-h200`, then comes first. */
function nameOf({ description, device, vendor }: GPUAdapterInfo): string {
  const [model = ''] = device.split('-');
  if (!description) return device || vendor || 'unnamed adapter';
  const told = device === '' || (model !== vendor && description.toLowerCase().includes(model));
  return told ? description : `${device}, ${description}`;
}

/**
 * Finds an adapter.
 *
 * @param want nothing (a discrete GPU first, whatever answers after it), `gpu`, `cpu`, or a part of the adapter's name.
 * @throws NoAdapterError when none answers, or none that was asked for, and for a backend that Dawn does not know.
 * @internal
 */
export async function chooseAdapter(host: Host, want: string | undefined): Promise<GPUAdapter> {
  const candidates = [
    await ask(host, { powerPreference: 'high-performance' }),
    await ask(host, { powerPreference: 'low-power' }),
    await ask(host, { forceFallbackAdapter: true }),
  ].filter((adapter) => adapter !== null);
  const first = candidates[0];
  if (!first) {
    throw new NoAdapterError(
      'No WebGPU adapter answered. Expected a GPU with a Vulkan, Metal or D3D12 driver, or a software Vulkan device. ' +
        'On Debian or Ubuntu install mesa-vulkan-drivers and libvulkan1 (on Debian 12 from bookworm-backports).',
      [],
    );
  }
  if (want === undefined) return first;
  const matches = (adapter: GPUAdapter) => {
    const info = describeAdapter(adapter);
    if (want === 'gpu') return !info.software;
    if (want === 'cpu') return info.software;
    return info.name.toLowerCase().includes(want.toLowerCase());
  };
  const found = candidates.find(matches);
  if (found) return found;
  const names = [...new Set(candidates.map((adapter) => describeAdapter(adapter).name))];
  throw new NoAdapterError(
    `No adapter matches the device '${want}'. Expected gpu, cpu or a part of an adapter's name; these answered: ${names.join('; ')}.`,
    names,
  );
}

async function ask(host: Host, options: GPURequestAdapterOptions): Promise<GPUAdapter | null> {
  try {
    return await host.gpu.requestAdapter(options);
  } catch (error) {
    const reason = firstLine(error instanceof Error ? error.message : String(error));
    throw new NoAdapterError(`No WebGPU adapter can be asked for: ${reason}.`, []);
  }
}
