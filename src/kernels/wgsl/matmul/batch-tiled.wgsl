// Products of matrices as matmul/parts/batch.wgsl says. A workgroup of 8 × 8 lanes makes tiles of 32 × 32 elements of out: it brings 32 rows
// of a and 32 columns of b to its memory, 8 steps of depth at a time, and each lane adds up 4 × 4 elements in registers, 8 apart.

// #include "matmul/parts/batch.wgsl"

var<workgroup> slabA: array<f32, 256>; // [depth][row]
var<workgroup> slabB: array<f32, 256>; // [depth][column]

// Four values of a slab that are 8 apart.
fn rowsAt(at: u32) -> vec4f { return vec4f(slabA[at], slabA[at + 8u], slabA[at + 16u], slabA[at + 24u]); }
fn columnsAt(at: u32) -> vec4f { return vec4f(slabB[at], slabB[at + 8u], slabB[at + 16u], slabB[at + 24u]); }

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let down = (p.rows + 31u) / 32u;
  let across = (p.columns + 31u) / 32u;
  for (var tile = group.x; tile < p.batches * down * across; tile += grid.x) {
    let column = tile % across * 32u;
    let row = tile / across % down * 32u;
    let z = tile / (across * down);
    var sums = mat4x4f(); // [row][column]
    for (var r = 0u; r < p.repeats; r++) {
      let ofA = matrixA(z, r);
      let ofB = matrixB(z, r);
      for (var first = 0u; first < p.depth; first += 8u) {
        // Neighbouring lanes load neighbours in memory.
        for (var i = lane; i < 256u; i += 64u) {
          let deepA = select(i % 8u, i / 32u, TRANSPOSE_A);
          let m = select(i / 8u, i % 32u, TRANSPOSE_A);
          let insideA = first + deepA < p.depth && row + m < p.rows;
          slabA[deepA * 32u + m] = select(0.0, valueA(ofA, min(row + m, p.rows - 1u), min(first + deepA, p.depth - 1u)), insideA);
          let deepB = select(i / 32u, i % 8u, TRANSPOSE_B);
          let n = select(i % 32u, i / 8u, TRANSPOSE_B);
          let insideB = first + deepB < p.depth && column + n < p.columns;
          slabB[deepB * 32u + n] = select(0.0, valueB(ofB, min(first + deepB, p.depth - 1u), min(column + n, p.columns - 1u)), insideB);
        }
        workgroupBarrier();
        for (var d = 0u; d < 8u; d++) {
          let left = rowsAt(d * 32u + lane / 8u);
          let right = columnsAt(d * 32u + lane % 8u);
          sums += mat4x4f(left.x * right, left.y * right, left.z * right, left.w * right);
        }
        workgroupBarrier();
      }
    }
    for (var i = 0u; i < 4u; i++) {
      let m = row + lane / 8u + 8u * i;
      for (var j = 0u; j < 4u; j++) {
        let n = column + lane % 8u + 8u * j;
        if (m < p.rows && n < p.columns) { out[(z * p.rows + m) * p.columns + n] = Element(sums[i][j]); }
      }
    }
  }
}
