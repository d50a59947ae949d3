/** Where a bank's levels lie: on the device, and what is too much for it on the host's disk. */
import type { Device } from '../../gpu/device.ts';
import type { LevelType } from '../../kernels/images/image.ts';
import { keep } from '../../tensor/scope.ts';
import { Tensor } from '../../tensor/tensor.ts';

export interface Size {
  width: number;
  height: number;
}

/** Memory of several images whose levels are stored alike. */
export interface Chunk {
  words: Tensor<'u32'>;
  type: LevelType;
}

/** An image of a bank. */
export interface BankEntry extends Size {
  type: LevelType;
  /** Null for one that lies in the store. */
  chunk: Chunk | null;
  /** Its first word in either. */
  start: number;
}

/** Bytes outside the device, one after another. */
export interface LevelStore {
  /** @returns where they begin, in bytes */
  append(bytes: Uint8Array): number;
  read(start: number, length: number): Uint8Array<ArrayBuffer>;
}

/** What several banks share: so many bytes of the device's memory, and a store for what is more. */
export interface Overflow {
  left: number;
  readonly store: LevelStore;
}

const MIN_CHUNK_BYTES = 2 ** 20;
const MAX_CHUNK_BYTES = 2 ** 28;
/** Read back at once, when a chunk moves into the store. */
const PIECE_BYTES = 2 ** 26;

export class LevelMemory {
  readonly entries: BankEntry[] = [];
  readonly chunks: Chunk[] = [];
  /** Words of the last chunk of each type. */
  private readonly used: Record<LevelType, number> = { u8: 0, f32: 0 };

  /** @param overflow null where all of it is to lie on the device */
  constructor(
    private readonly device: Device,
    private readonly overflow: Overflow | null,
  ) {}

  get store(): LevelStore | null {
    return this.overflow?.store ?? null;
  }

  /** Moves the last chunk into the store where an image of so many words wants another, and the device shall give none. */
  async makeRoom(words: number, type: LevelType): Promise<void> {
    const { overflow } = this;
    const chunk = this.lastChunk(type);
    if (!overflow || !chunk || this.used[type] + words <= chunk.words.size || words > chunk.words.size) return;
    if (4 * this.nextSize(words, type) <= overflow.left) return;
    const { buffer, offset } = chunk.words.slice;
    const end = 4 * this.used[type];
    let first: number | null = null;
    for (let at = 0; at < end; at += PIECE_BYTES) {
      const piece = { buffer, offset: offset + at, size: Math.min(PIECE_BYTES, end - at) };
      const begin = overflow.store.append(new Uint8Array(await this.device.read(piece)));
      first ??= begin;
    }
    for (const entry of this.entries) {
      if (entry.chunk !== chunk) continue;
      entry.chunk = null;
      entry.start += (first ?? 0) / 4;
    }
    this.used[type] = 0;
  }

  /** Room for an image on the device. Each new chunk is twice the one before, so that few are needed and little is wasted. */
  reserve({ width, height }: Size, words: number, type: LevelType): { chunk: Chunk; start: number } {
    let chunk = this.lastChunk(type);
    if (!chunk || this.used[type] + words > chunk.words.size) {
      const size = this.nextSize(words, type);
      chunk = { words: keep(Tensor.empty(this.device, [size], 'u32')), type };
      this.chunks.push(chunk);
      this.used[type] = 0;
      if (this.overflow) this.overflow.left -= 4 * size;
    }
    const start = this.used[type];
    this.used[type] += words;
    this.entries.push({ width, height, type, chunk, start });
    return { chunk, start };
  }

  dispose(): void {
    for (const { words } of this.chunks) {
      if (this.overflow) this.overflow.left += 4 * words.size;
      words.dispose();
    }
    this.chunks.length = 0;
    this.entries.length = 0;
  }

  private lastChunk(type: LevelType): Chunk | undefined {
    return this.chunks.findLast((chunk) => chunk.type === type);
  }

  /** Words of the next chunk. */
  private nextSize(words: number, type: LevelType): number {
    const last = this.lastChunk(type);
    const largest = Math.min(MAX_CHUNK_BYTES, this.device.limits.maxStorageBufferBindingSize) / 4;
    return Math.max(words, Math.min(largest, last ? 2 * last.words.size : MIN_CHUNK_BYTES / 4));
  }
}
