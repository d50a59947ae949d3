// Operand a in a slab, for kernels that load it so: each line holds the depth steps of a row. See conv2d/parts/matrix-gemm.
const LINE_A = SLAB + 8u;
const SIZE_A = ROWS * LINE_A;
const PARTS_A = SLAB / 8u; // chunks of a line
const CHUNKS_A = ROWS * PARTS_A;

fn placeA(i: u32) -> u32 { return i / PARTS_A * LINE_A + i % PARTS_A * 8u; }

fn leftOf(slab: u32, row: u32, depth: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&slabA, (slab + row * LINE_A + depth) / UNIT, LINE_A / UNIT);
}
