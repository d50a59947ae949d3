// What the convolutions on matrix hardware share: a workgroup's product of ROWS × COLUMNS results of f16 operands with f32 sums.
//
// Operands come from memory in chunks of 8 numbers (16 bytes), a slab of SLAB depth steps at a time: each invocation loads its chunks of
// the next slab into registers while the subgroups multiply the present one out of workgroup memory. DOWN × ACROSS subgroups share the
// tile; each holds DOWN_EACH × ACROSS_EACH results of M × N, at most 4 × 4. Lines of a slab are 8 numbers longer than what they hold, so
// that the lines of one matrix begin in different banks. Results leave through workgroup memory, since WGSL does not say which lane holds
// which element of a matrix.
//
// Matrices and chunks have names, sum00 to sum33 and a0 to a3. In arrays they would not stay in registers, because an index is not known
// when the kernel is compiled. So no function can loop over them; what main does with them is text that it includes, in this order:
//   conv2d/parts/matrix-sums      declares the results, all 0
//   conv2d/parts/matrix-multiply  adds the product of the present slabs to them
//   conv2d/parts/matrix-keep      puts the loaded chunks in the place of the present slabs
//   conv2d/parts/matrix-write     hands the results to the function `write` of the kernel
// The kernel also says how a slab lies in workgroup memory, most by including conv2d/parts/matrix-rows and matrix-columns: leftOf and
// rightOf load a matrix of an operand, placeA and placeB say where a chunk goes.
//
// The constants from here to ACROSS are replaced by those of the tile and of the device's matrices.
const M = 8u;
const N = 8u;
const K = 8u;
const SUBGROUP = 32u; // invocations of a subgroup
const ROWS = 64u;
const COLUMNS = 64u;
const SLAB = 32u;
const DOWN = 2u;
const ACROSS = 2u;

const LANES = SUBGROUP * DOWN * ACROSS;
const DOWN_EACH = ROWS / (M * DOWN);
const ACROSS_EACH = COLUMNS / (N * ACROSS);
const CHUNKS_A = ROWS * SLAB / 8u;
const CHUNKS_B = COLUMNS * SLAB / 8u;
const LOADS_A = (CHUNKS_A + LANES - 1u) / LANES; // chunks of an invocation: 1 to 4
const LOADS_B = (CHUNKS_B + LANES - 1u) / LANES;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

var<workgroup> slabA: array<vec4<f16>, SIZE_A / 4u>;
var<workgroup> slabB: array<vec4<f16>, SIZE_B / 4u>;

// A line of a subgroup's matrices on their way out.
const LINE_OUT = ACROSS_EACH * N + 4u;
const SIZE_OUT = M * LINE_OUT;
var<workgroup> results: array<f32, DOWN * ACROSS * SIZE_OUT>;

fn keepA(i: u32, chunk: vec4u) {
  if (CHUNKS_A % LANES == 0u || i < CHUNKS_A) {
    let at = placeA(i) / 4u;
    slabA[at] = bitcast<vec4<f16>>(chunk.xy);
    slabA[at + 1u] = bitcast<vec4<f16>>(chunk.zw);
  }
}

fn keepB(i: u32, chunk: vec4u) {
  if (CHUNKS_B % LANES == 0u || i < CHUNKS_B) {
    let at = placeB(i) / 4u;
    slabB[at] = bitcast<vec4<f16>>(chunk.xy);
    slabB[at + 1u] = bitcast<vec4<f16>>(chunk.zw);
  }
}

fn pack(low: vec4f, high: vec4f) -> vec4u {
  return vec4u(bitcast<vec2u>(vec4<f16>(low)), bitcast<vec2u>(vec4<f16>(high)));
}

// Gives a line of a subgroup's matrices to `write`, 8 neighbouring results of a row at a time.
fn writeLine(subgroup: u32, lane: u32, row: u32, column: u32) {
  const ACROSS_CHUNKS = ACROSS_EACH * N / 8u;
  for (var i = lane; i < M * ACROSS_CHUNKS; i += SUBGROUP) {
    let down = i / ACROSS_CHUNKS;
    let across = i % ACROSS_CHUNKS * 8u;
    let at = subgroup * SIZE_OUT + down * LINE_OUT + across;
    write(
      row + down,
      column + across,
      vec4f(results[at], results[at + 1u], results[at + 2u], results[at + 3u]),
      vec4f(results[at + 4u], results[at + 5u], results[at + 6u], results[at + 7u]),
    );
  }
}
