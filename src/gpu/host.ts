/**
 * Where WebGPU comes from: a browser's `navigator.gpu`, or Dawn in Node.
 *
 * @internal
 */
export interface Host {
  readonly gpu: GPU;
  /** Environment variables; a browser has none. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Awaits a promise of the device's in the way that suits the host. */
  wait<T>(promise: Promise<T>): Promise<T>;
}

export interface HostOptions {
  /** Dawn's backend by name; only Node has a choice. */
  backend?: string | undefined;
  /** Keep Dawn's bounds checks inside kernels (slower; tests run with it). */
  checked?: boolean | undefined;
}
