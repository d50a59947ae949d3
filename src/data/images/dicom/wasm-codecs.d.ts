/** What is used of two packages that have no types: each makes a decoder in WebAssembly, of a class of its own. */
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  import type { Hooks, WasmDecoder } from './wasm-decoder.ts';

  const make: (hooks: Hooks) => Promise<{ J2KDecoder: new () => WasmDecoder }>;
  export default make;
}

declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  import type { Hooks, WasmDecoder } from './wasm-decoder.ts';

  const make: (hooks: Hooks) => Promise<{ JpegLSDecoder: new () => WasmDecoder & { getInterleaveMode(): number } }>;
  export default make;
}
