// What the convolutions on matrix hardware share: a workgroup's product of ROWS × COLUMNS results of f16 operands with f32 sums.
//
// Operands come from memory in chunks of 8 numbers (16 bytes), a slab of SLAB depth steps at a time: each invocation loads its chunks of
// the next slab into registers while the subgroups multiply the present one out of workgroup memory. DOWN × ACROSS subgroups share the
// tile; each holds DOWN_EACH × ACROSS_EACH results of M × N. Lines of a slab are 8 numbers longer than what they hold, so that the lines
// of one matrix begin in different banks. Results leave through workgroup memory, matrix by matrix: their lanes cannot be told apart.
//
// The kernel says how a slab lies there: leftOf and rightOf load one matrix, chunkA and chunkB give a chunk's place.
const M = 8u;
const N = 8u;
const K = 8u;
const SUBGROUP = 32u; // invocations of a subgroup
const ROWS = 64u;
const COLUMNS = 64u;
const SLAB = 32u;
const DOWN = 2u;
const ACROSS = 2u;
const BUFFERS = 1u; // 2: the next slab gets a place of its own, and a turn has one barrier instead of two

const LANES = SUBGROUP * DOWN * ACROSS;
const DOWN_EACH = ROWS / (M * DOWN);
const ACROSS_EACH = COLUMNS / (N * ACROSS);
const CHUNKS_A = ROWS * SLAB / 8u;
const CHUNKS_B = COLUMNS * SLAB / 8u;
const LOADS_A = (CHUNKS_A + LANES - 1u) / LANES;
const LOADS_B = (CHUNKS_B + LANES - 1u) / LANES;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

var<workgroup> slabA: array<vec4<f16>, BUFFERS * SIZE_A / 4u>;
var<workgroup> slabB: array<vec4<f16>, BUFFERS * SIZE_B / 4u>;
var<workgroup> results: array<f32, DOWN * ACROSS * M * N>;

alias Sums = array<Result, DOWN_EACH * ACROSS_EACH>;

// Adds the product of the slabs in a buffer, for the subgroup whose first row and column these are.
fn multiply(sums: ptr<function, Sums>, buffer: u32, row: u32, column: u32) {
  for (var depth = 0u; depth < SLAB; depth += K) {
    var left: array<Left, DOWN_EACH>;
    for (var i = 0u; i < DOWN_EACH; i++) { left[i] = leftOf(buffer, row + i * M, depth); }
    for (var j = 0u; j < ACROSS_EACH; j++) {
      let right = rightOf(buffer, depth, column + j * N);
      for (var i = 0u; i < DOWN_EACH; i++) {
        let at = i * ACROSS_EACH + j;
        (*sums)[at] = subgroupMatrixMultiplyAccumulate(left[i], right, (*sums)[at]);
      }
    }
  }
}

// Puts loaded chunks into a buffer.
fn keep(buffer: u32, lane: u32, a: ptr<function, array<vec4u, LOADS_A>>, b: ptr<function, array<vec4u, LOADS_B>>) {
  for (var j = 0u; j < LOADS_A; j++) {
    let i = lane + j * LANES;
    if (CHUNKS_A % LANES == 0u || i < CHUNKS_A) {
      let at = (buffer * SIZE_A + chunkA(i)) / 4u;
      slabA[at] = bitcast<vec4<f16>>((*a)[j].xy);
      slabA[at + 1u] = bitcast<vec4<f16>>((*a)[j].zw);
    }
  }
  for (var j = 0u; j < LOADS_B; j++) {
    let i = lane + j * LANES;
    if (CHUNKS_B % LANES == 0u || i < CHUNKS_B) {
      let at = (buffer * SIZE_B + chunkB(i)) / 4u;
      slabB[at] = bitcast<vec4<f16>>((*b)[j].xy);
      slabB[at + 1u] = bitcast<vec4<f16>>((*b)[j].zw);
    }
  }
}

fn pack(v: array<f16, 8>) -> vec4u {
  return vec4u(
    bitcast<u32>(vec2<f16>(v[0], v[1])),
    bitcast<u32>(vec2<f16>(v[2], v[3])),
    bitcast<u32>(vec2<f16>(v[4], v[5])),
    bitcast<u32>(vec2<f16>(v[6], v[7])),
  );
}

// Lets `write` have 8 neighbouring results of a row at a time. To be called by all invocations.
fn writeResults(sums: ptr<function, Sums>, subgroup: u32, lane: u32, row: u32, column: u32) {
  for (var i = 0u; i < DOWN_EACH; i++) {
    for (var j = 0u; j < ACROSS_EACH; j++) {
      subgroupMatrixStore<row_major>(&results, subgroup * M * N, (*sums)[i * ACROSS_EACH + j], N);
      workgroupBarrier();
      for (var chunk = lane; chunk < M * N / 8u; chunk += SUBGROUP) {
        let down = chunk / (N / 8u);
        let across = chunk % (N / 8u) * 8u;
        let at = subgroup * M * N + down * N + across;
        write(
          row + i * M + down,
          column + j * N + across,
          vec4f(results[at], results[at + 1u], results[at + 2u], results[at + 3u]),
          vec4f(results[at + 4u], results[at + 5u], results[at + 6u], results[at + 7u]),
        );
      }
      workgroupBarrier();
    }
  }
}
