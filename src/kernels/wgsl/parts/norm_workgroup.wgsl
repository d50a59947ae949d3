// How 256 invocations share a plane of 8 channels: 2 columns of 4 channels, 128 rows. A row owns every 128th pixel. Eight channels are
// 32 bytes, which is what memory is fetched in, and leave many workgroups; GPUs are short of those where planes are large.

const COLUMNS = 2u;
const ROWS = 128u;
// Pixels that a row can keep in registers, so that planes of up to ROWS * HELD pixels are read once.
const HELD = 8u;
override HOLD: bool;

var<workgroup> ones: array<vec4f, COLUMNS * ROWS>;
var<workgroup> twos: array<vec4f, COLUMNS * ROWS>;

struct Pair { one: vec4f, two: vec4f }

// The sums of both values over the rows of a column, for all of them; always in the same order. To be called by all invocations.
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
