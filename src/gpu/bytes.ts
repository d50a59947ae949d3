/** An amount of memory for people, e.g. `128.0 MiB`. */
export function bytesText(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes} bytes` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
