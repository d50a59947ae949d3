// In place of conv2d/parts/matrix-operands: operands in f32, each of which is split into two numbers of f16 that are multiplied.
//
//   v · scale = high + low / 2048    a · b = (high·high + (high·low + low·high) / 2048) / (scale of a · scale of b)
//
// high is v · scale rounded to the 11 bits that f16 has, and low the f16 nearest to what is left, 2^11 times as large, so that it is as
// large as high may be and no subnormal. low · low is left out, 2^-22 of the product. Scales are powers of two that bring the largest
// finite number of an operand between 2^14 and 2^15, for f16 ends at 65504 and gradients begin at 1e-8; conv2d/matrix-largest finds it.
// Numbers below 2^-29 of the largest lose one of 22 bits for each halving. Results of high · high and of the two others are summed apart, in f32: in one accumulator
// hardware that cuts sums off would lose what low adds. NaN and infinite numbers make NaN of what they meet.
//
// Errors: docs/accuracy.md, "Split products". Not timed on a GPU.
//
// Ootomo and Yokota, "Recovering single precision accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance",
// arXiv 2203.03341.
alias Element = f32;
alias Chunk = mat2x4f; // 8 numbers

const LOW = 2048.0;

const SLABS = 2u; // of an operand: the high parts, then the low ones

// A matrix of both results on its way out, side by side.
const LINE_OUT = 2u * N + 4u;
const SIZE_OUT = M * LINE_OUT;
var<workgroup> results: array<f32, DOWN * ACROSS * SIZE_OUT>;

const GROUPS = 128u; // workgroups of conv2d/matrix-largest an operand
var<workgroup> most: array<atomic<u32>, 2>;

var<private> scaleA: f32;
var<private> scaleB: f32;
// Two factors that make 1 / (scaleA · scaleB), which may be out of the range of f32.
var<private> unscale: vec2f;

fn powerOfTwo(exponent: i32) -> f32 { return bitcast<f32>(u32(exponent + 127) << 23u); }

// The exponent of a scale, given the bits of the largest number.
fn scaleFor(bits: u32) -> i32 { return min(14 + 127 - i32(bits >> 23u), 126); }

fn findScales(lane: u32) {
  if (lane < 2u) { atomicStore(&most[lane], 0u); }
  workgroupBarrier();
  for (var i = lane; i < 2u * GROUPS; i += LANES) { atomicMax(&most[i / GROUPS], largest[i]); }
  workgroupBarrier();
  let a = scaleFor(atomicLoad(&most[0]));
  let b = scaleFor(atomicLoad(&most[1]));
  scaleA = powerOfTwo(a);
  scaleB = powerOfTwo(b);
  let half = -(a + b) / 2;
  unscale = vec2f(powerOfTwo(half), powerOfTwo(-(a + b) - half));
}

fn chunkIf(there: bool, chunk: Chunk) -> Chunk {
  return Chunk(select(vec4f(0), chunk[0], there), select(vec4f(0), chunk[1], there));
}

fn pack(low: vec4f, high: vec4f) -> Chunk { return Chunk(low, high); }

// The nearest numbers that f16 has: of 11 bits, and multiples of 2^-24 where that is more. By bits, for drivers take an f32 that was an
// f16 meanwhile for what it was before.
fn rounded(v: vec4f) -> vec4f {
  let bits = bitcast<vec4u>(v);
  let exponent = (bits >> vec4u(23)) & vec4u(255);
  let lost = min(vec4u(13 + 113) - min(exponent, vec4u(113)), vec4u(24)); // bits of 24
  let step = vec4u(1) << lost;
  return select(bitcast<vec4f>((bits + step / 2) & ~(step - 1)), vec4f(0), lost == vec4u(24));
}

fn packed(v: Chunk) -> vec4u { return vec4u(bitcast<vec2u>(vec4<f16>(v[0])), bitcast<vec2u>(vec4<f16>(v[1]))); }

fn keepA(i: u32, chunk: Chunk) {
  if (CHUNKS_A % LANES == 0u || i < CHUNKS_A) {
    let v = scaleA * chunk;
    let high = Chunk(rounded(v[0]), rounded(v[1]));
    storeA(placeA(i), packed(high));
    storeA(SIZE_A + placeA(i), packed(LOW * (v - high)));
  }
}

fn keepB(i: u32, chunk: Chunk) {
  if (CHUNKS_B % LANES == 0u || i < CHUNKS_B) {
    let v = scaleB * chunk;
    let high = Chunk(rounded(v[0]), rounded(v[1]));
    storeB(placeB(i), packed(high));
    storeB(SIZE_B + placeB(i), packed(LOW * (v - high)));
  }
}

// Four results of a line, of which the parts lie in `results` from `at` and from `at` + N on.
fn resultsAt(at: u32) -> vec4f {
  let sum = vec4f(results[at], results[at + 1u], results[at + 2u], results[at + 3u]);
  let i = at + N;
  let cross = vec4f(results[i], results[i + 1u], results[i + 2u], results[i + 3u]);
  return (sum + cross / LOW) * unscale.x * unscale.y;
}

// Gives a subgroup's matrix, of which `sum` and `cross` are the parts, to `write`, 8 neighbouring results of a row at a time.
fn writeMatrix(sum: Result, cross: Result, subgroup: u32, lane: u32, row: u32, column: u32) {
  let out = subgroup * SIZE_OUT;
  workgroupBarrier();
  subgroupMatrixStore<row_major>(&results, out, sum, LINE_OUT);
  subgroupMatrixStore<row_major>(&results, out + N, cross, LINE_OUT);
  workgroupBarrier();
  for (var i = lane; i < M * N / 8u; i += SUBGROUP) {
    let down = i / (N / 8u);
    let across = i % (N / 8u) * 8u;
    let at = out + down * LINE_OUT + across;
    write(row + down, column + across, resultsAt(at), resultsAt(at + 4u));
  }
}
