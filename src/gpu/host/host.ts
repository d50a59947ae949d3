/** Awaits a promise of a device's. */
export type Wait = <T>(promise: Promise<T>) => Promise<T>;

/**
 * Where WebGPU comes from: a browser's `navigator.gpu`, or Dawn in Node.
 *
 * @internal
 */
export interface Host {
  readonly gpu: GPU;
  /** Environment variables; a browser has none. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** For software devices, which share their processor with the host. */
  readonly waitForSoftware: Wait;
}

export interface HostOptions {
  /** Dawn's backend by name; only Node has a choice. */
  backend?: string | undefined;
  /** Keep Dawn's bounds checks inside kernels (slower; tests run with it). */
  checked?: boolean | undefined;
}
