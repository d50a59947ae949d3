import type { Allocator } from './allocator.ts';
import { DeviceBuffer } from './buffer.ts';
import { CyclopsError } from './errors.ts';
import type { BufferSlice } from './launch.ts';

const WORDS = 2 ** 15;

/** Words of {@link Variables} that belong to one user. */
export interface Variable {
  /** First word, counted from the start of {@link Variables.slice}. */
  readonly start: number;
  readonly count: number;
  /** Replaces the words: integers, or the bits of floats by `f32`. Launches recorded from now on read them. */
  set(words: readonly number[]): void;
  /** Gives the words back. Twice is harmless. */
  release(): void;
}

/**
 * What changes from step to step while the launches stay the same: learning rates, places of crops, choices of a pool. One
 * small buffer that kernels read and the host writes, at most once before a launch.
 */
export class Variables {
  /** The whole buffer, to be bound by kernels that read a variable. */
  readonly slice: BufferSlice;
  private readonly words = new Uint32Array(WORDS);
  private readonly taken: { start: number; end: number }[] = [];
  /** The ranges that a replay has set so far; null outside of one. */
  private replayed: Set<object> | null = null;
  /** The range that the device does not have yet. */
  private dirty = { start: WORDS, end: 0 };

  /**
   * @param flush submits everything recorded so far, which must not see later values.
   * @internal
   */
  constructor(
    private readonly device: GPUDevice,
    allocator: Allocator,
    private readonly flush: () => void,
  ) {
    const usage = 0x80 /* STORAGE */ | 0x8; /* COPY_DST */
    const size = 4 * WORDS;
    const memory = allocator.create({ size, usage, label: 'variables' }, () => `numbers of ${size} bytes`);
    this.slice = { buffer: new DeviceBuffer(size, memory), offset: 0, size };
  }

  /** @throws CyclopsError when so many words are not free in one piece */
  reserve(count: number): Variable {
    let start = 0;
    let index = 0;
    for (const range of this.taken) {
      if (range.start - start >= count) break;
      start = range.end;
      index += 1;
    }
    if (start + count > WORDS) {
      throw new CyclopsError(
        `A step has room for ${WORDS} numbers that change from step to step; ${count} more do not fit. Use a smaller batch.`,
      );
    }
    const range = { start, end: start + count };
    this.taken.splice(index, 0, range);
    return {
      start,
      count,
      set: (words) => this.set(range, words),
      release: () => {
        const at = this.taken.indexOf(range);
        if (at >= 0) this.taken.splice(at, 1);
      },
    };
  }

  /**
   * Does what the host does before a replay, whose launches all see what was set last.
   *
   * @throws CyclopsError when it sets a variable to two values
   */
  beforeReplay(hostWork: readonly (() => void)[]): void {
    this.replayed = new Set();
    try {
      for (const work of hostWork) work();
    } finally {
      this.replayed = null;
    }
    this.upload();
  }

  /** Brings the device up to date. Everything recorded so far still sees the values from before. */
  upload(): void {
    const { start, end } = this.dirty;
    if (start >= end) return;
    this.dirty = { start: WORDS, end: 0 };
    this.flush();
    this.device.queue.writeBuffer(this.slice.buffer.gpu, 4 * start, this.words, start, end - start);
  }

  private set(range: { start: number; end: number }, words: readonly number[]): void {
    if (words.length > range.end - range.start) throw new Error(`${words.length} words do not fit a variable.`);
    const differs = (word: number, i: number) => this.words[range.start + i] !== word >>> 0;
    if (this.replayed?.has(range) && words.some(differs)) {
      throw new CyclopsError(
        'A captured step decides the same thing twice, as where an optimiser steps twice: its launches would all see the last. ' +
          'Capture a body in which it happens once, and replay that more often.',
      );
    }
    this.replayed?.add(range);
    words.forEach((word, i) => {
      this.words[range.start + i] = word;
    });
    const { dirty } = this;
    this.dirty = {
      start: Math.min(dirty.start, range.start),
      end: Math.max(dirty.end, range.start + words.length),
    };
  }
}
