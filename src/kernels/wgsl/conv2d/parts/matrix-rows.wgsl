// Operand a as it lies in a slab where memory has it so: a row's depth steps in a line. See matrix_gemm.
const LINE_A = SLAB + 8u;
const SIZE_A = ROWS * LINE_A;
const PARTS_A = SLAB / 8u; // chunks of a line

fn placeA(i: u32) -> u32 { return i / PARTS_A * LINE_A + i % PARTS_A * 8u; }

fn leftOf(row: u32, depth: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&slabA, (row * LINE_A + depth) / 4u, LINE_A / 4u);
}
