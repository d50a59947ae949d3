// What the convolutions for GPUs share: a workgroup's product of ROWS × COLUMNS results, staged through its memory in slabs of 8 depth steps.
//
// An invocation owns 8 rows and 8 columns (WIDE) or 4, as blocks of 4 × 4. A matrix holds four rows of results or of operand a (each over
// four depth steps), or four depth steps of operand b (each over four columns). They are values, not arrays, so that they stay in registers.
override ROWS: u32 = 64;
override COLUMNS: u32 = 64;
override WIDE: bool = false;

override ACROSS = COLUMNS / select(4u, 8u, WIDE); // invocations side by side
override DOWN = ROWS / 8u;
override LANES = ACROSS * DOWN;

const SLAB = 8u;
var<workgroup> slabA: array<vec4f, 2u * ROWS>;
var<workgroup> slabB: array<vec4f, 2u * COLUMNS + 4u>;

fn addRow(acc: vec4f, a: vec4f, b: mat4x4f) -> vec4f {
  return fma(vec4f(a.w), b[3], fma(vec4f(a.z), b[2], fma(vec4f(a.y), b[1], fma(vec4f(a.x), b[0], acc))));
}

// acc[i] + the sum over d of a[i][d] * b[d].
fn multiplyAdd(acc: mat4x4f, a: mat4x4f, b: mat4x4f) -> mat4x4f {
  return mat4x4f(addRow(acc[0], a[0], b), addRow(acc[1], a[1], b), addRow(acc[2], a[2], b), addRow(acc[3], a[3], b));
}
