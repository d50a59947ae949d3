// In place of conv2d/parts/matrix-slabs: eight numbers an element, two to a u32, so that a chunk is stored at once. A matrix loads from
// elements of any type, whose bits are its numbers.
const UNIT = 8u;
var<workgroup> slabA: array<vec4u, SLABS * SIZE_A / UNIT>;
var<workgroup> slabB: array<vec4u, SLABS * SIZE_B / UNIT>;

fn storeA(at: u32, numbers: vec4u) { slabA[at / UNIT] = numbers; }

fn storeB(at: u32, numbers: vec4u) { slabB[at / UNIT] = numbers; }
