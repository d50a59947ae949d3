// The slabs of both operands in workgroup memory, four numbers an element; see conv2d/parts/matrix-gemm. Places and lengths of lines are in
// numbers, whole eights.
const UNIT = 4u; // numbers of an element
var<workgroup> slabA: array<vec4<f16>, SLABS * SIZE_A / UNIT>;
var<workgroup> slabB: array<vec4<f16>, SLABS * SIZE_B / UNIT>;

// Eight numbers, two to a u32, go to the place `at`.
fn storeA(at: u32, numbers: vec4u) {
  slabA[at / UNIT] = bitcast<vec4<f16>>(numbers.xy);
  slabA[at / UNIT + 1u] = bitcast<vec4<f16>>(numbers.zw);
}

fn storeB(at: u32, numbers: vec4u) {
  slabB[at / UNIT] = bitcast<vec4<f16>>(numbers.xy);
  slabB[at / UNIT + 1u] = bitcast<vec4<f16>>(numbers.zw);
}
