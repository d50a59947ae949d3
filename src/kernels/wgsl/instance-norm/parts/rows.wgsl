// Sums over the rows of a workgroup of COLUMNS * ROWS invocations, a power of two; needs those constants.

var<workgroup> ones: array<vec4f, COLUMNS * ROWS>;
var<workgroup> twos: array<vec4f, COLUMNS * ROWS>;

struct Pair { one: vec4f, two: vec4f }

// The sums of both values over the rows of a column, for all of them; always in the same order. To be called by all invocations, once.
fn overRows(lane: u32, one: vec4f, two: vec4f) -> Pair {
  ones[lane] = one;
  twos[lane] = two;
  for (var lanes = COLUMNS * ROWS / 2u; lanes >= COLUMNS; lanes /= 2u) {
    workgroupBarrier();
    if (lane < lanes) {
      ones[lane] += ones[lane + lanes];
      twos[lane] += twos[lane + lanes];
    }
  }
  workgroupBarrier();
  return Pair(ones[lane % COLUMNS], twos[lane % COLUMNS]);
}
