/** A decoder as the packages of Cornerstone have them. */
export interface WasmDecoder {
  /** Where the frame is to be put. */
  getEncodedBuffer(bytes: number): Uint8Array;
  decode(): void;
  /** A copy. */
  getDecodedBuffer(): Uint8ClampedArray;
}

/** What makes a decoder out of its program. */
export interface Codec<Decoder extends WasmDecoder> {
  program: WebAssembly.Module;
  make(hooks: Hooks): Promise<Decoder>;
}

/** What the code around a program (Emscripten's) lets others do instead. */
export interface Hooks {
  print(line: string): void;
  printErr(line: string): void;
  instantiateWasm(imports: WebAssembly.Imports, ready: (instance: WebAssembly.Instance) => void): WebAssembly.Exports;
}

/** What the programs have from the beginning. */
export const OWN_BYTES = 64 * 2 ** 20;

const PAGE_BYTES = 2 ** 16;

/** Warns of files of GDCM, of which nothing is missing. */
const HARMLESS = /TPsot==TNsot/;

/**
 * Decodes a frame in a memory of its own, which is given back with all that the decoder left in it or a damaged frame broke.
 *
 * @param mostBytes that the memory may have
 * @returns the decoder and its samples; `full` where the memory did not suffice, `damaged` where the decoder gave up or warned
 */
export async function decodeInWasm<Decoder extends WasmDecoder>(
  { program, make }: Codec<Decoder>,
  frame: Uint8Array,
  mostBytes: number,
): Promise<{ decoder: Decoder; bytes: Uint8Array } | 'full' | 'damaged'> {
  // What a decoder begins with may be more than there is.
  let [hasWarned, isFull] = [false, true];
  const print = (line: string) => {
    hasWarned ||= /^\[(WARNING|ERROR)\]/.test(line) && !HARMLESS.test(line);
  };
  const instantiateWasm: Hooks['instantiateWasm'] = (imports, ready) => {
    const instance = new WebAssembly.Instance(program, imports);
    isFull = false;
    for (const memory of Object.values(instance.exports))
      if (memory instanceof WebAssembly.Memory)
        limitMemory(memory, mostBytes, (refused) => {
          isFull = refused;
        });
    ready(instance);
    return instance.exports;
  };
  try {
    const decoder = await make({ print, printErr: print, instantiateWasm });
    decoder.getEncodedBuffer(frame.length).set(frame);
    decoder.decode();
    if (!hasWarned) return { decoder, bytes: new Uint8Array(decoder.getDecodedBuffer().buffer) };
  } catch {
    // What it throws speaks of its own parts.
  }
  return isFull ? 'full' : 'damaged';
}

/** Few bytes can ask a decoder for gigabytes. @param onGrowth told each time whether memory was refused */
function limitMemory(memory: WebAssembly.Memory, mostBytes: number, onGrowth: (refused: boolean) => void): void {
  const grow = memory.grow.bind(memory);
  memory.grow = (pages) => {
    onGrowth(true);
    if (memory.buffer.byteLength + PAGE_BYTES * pages > mostBytes)
      throw new RangeError('No more memory for this frame.');
    const before = grow(pages);
    onGrowth(false);
    return before;
  };
}
