// Operand b in a slab, for kernels that load it so: each line holds the columns of a depth step. See conv2d/parts/matrix-gemm.
const LINE_B = COLUMNS + 8u;
const SIZE_B = SLAB * LINE_B;
const PARTS_B = COLUMNS / 8u; // chunks of a line

fn placeB(i: u32) -> u32 { return i / PARTS_B * LINE_B + i % PARTS_B * 8u; }

fn rightOf(slab: u32, depth: u32, column: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&slabB, (slab + depth * LINE_B + column) / UNIT, LINE_B / UNIT);
}
