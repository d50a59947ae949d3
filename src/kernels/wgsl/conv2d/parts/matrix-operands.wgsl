// Operands in f16, multiplied as they lie in memory; see conv2d/parts/matrix-gemm.
alias Element = f16;
alias Chunk = vec4u; // 8 numbers

const SLABS = 1u; // of an operand

// A line of a subgroup's matrices on their way out.
const LINE_OUT = ACROSS_EACH * N + 4u;
const SIZE_OUT = M * LINE_OUT;
var<workgroup> results: array<f32, DOWN * ACROSS * SIZE_OUT>;

fn keepA(i: u32, chunk: Chunk) {
  if (CHUNKS_A % LANES == 0u || i < CHUNKS_A) { storeA(placeA(i), chunk); }
}

fn keepB(i: u32, chunk: Chunk) {
  if (CHUNKS_B % LANES == 0u || i < CHUNKS_B) { storeB(placeB(i), chunk); }
}

fn chunkIf(there: bool, chunk: Chunk) -> Chunk { return select(Chunk(), chunk, there); }

fn pack(low: vec4f, high: vec4f) -> Chunk {
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
