/*
 * The tables of ITU-T T.81, annex K, which nearly every JPEG file has: how coarsely each frequency is kept, and which code words stand
 * for what. `luminance` for the brightness, and for gray images; `chrominance` for the two colour differences.
 */

/** A Huffman code: how many of its words have 1, 2, … 16 bits, and what each stands for, shortest first. */
export interface HuffmanTable {
  readonly lengths: readonly number[];
  readonly values: readonly number[];
}

/** What a component is coded with. */
export interface JpegTables {
  /** Quantisation steps at quality 50, [vertical frequency, horizontal frequency]. */
  readonly steps: readonly number[];
  readonly dc: HuffmanTable;
  readonly ac: HuffmanTable;
}

const bytes = (hex: string): number[] => [...Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')];

export const LUMINANCE: JpegTables = {
  steps: [
    ...[16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55],
    ...[14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51, 87, 80, 62],
    ...[18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92],
    ...[49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99],
  ],
  dc: { lengths: bytes('00010501010101010100000000000000'), values: bytes('000102030405060708090a0b') },
  ac: {
    lengths: bytes('0002010303020403050504040000017d'),
    values: bytes(`
      01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a
      434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aa
      b2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa`),
  },
};

export const CHROMINANCE: JpegTables = {
  steps: [
    ...[17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99],
    ...[47, 66, 99, 99, 99, 99, 99, 99, ...Array<number>(32).fill(99)],
  ],
  dc: { lengths: bytes('00030101010101010101010000000000'), values: bytes('000102030405060708090a0b') },
  ac: {
    lengths: bytes('00020102040403040705040400010277'),
    values: bytes(`
      000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a162434e125f11718191a262728292a35363738393a
      434445464748494a535455565758595a636465666768696a737475767778797a82838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aa
      b2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa`),
  },
};

/** Where each coefficient in the order of the file lies in the block: along diagonals, low frequencies first. */
export const ZIGZAG: readonly number[] = Array.from({ length: 64 }, (_, i) => i).sort((a, b) => {
  const [diagonalA, diagonalB] = [(a >> 3) + (a & 7), (b >> 3) + (b & 7)];
  const along = (i: number, diagonal: number) => (diagonal % 2 === 0 ? i & 7 : i >> 3);
  return diagonalA - diagonalB || along(a, diagonalA) - along(b, diagonalB);
});
