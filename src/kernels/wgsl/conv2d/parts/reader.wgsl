// Under reflection an image row lies at up to three padded positions: its own (m = 0), its mirror at the low edge (1) and its
// mirror at the high edge (2). This is the output row that reads the m-th of them with its first tap, given the `row` that does
// so for m = 0; far outside where there is no such mirror. The i-th tap reads the same position from i rows before.
fn reader(row: i32, extent: i32, m: u32) -> i32 {
  let padding = i32(k.padding);
  if (m == 0u) { return row; }
  if (m == 1u) { return select(2 * padding - row, -1000000, row == padding); }
  return select(2 * (extent - 1 + padding) - row, -1000000, row == extent - 1 + padding);
}

// The pixel of dy that reads a pixel of x with tap (i, j) of its phase, or -1. m = 3 * mh + mw says at which of its three
// positions along each axis.
fn position(image: i32, row: i32, column: i32, m: u32, i: i32, j: i32) -> i32 {
  let p = reader(row, i32(k.h), m / 3u) - i;
  let q = reader(column, i32(k.w), m % 3u) - j;
  let inside = p >= 0 && q >= 0 && p < i32(k.p) && q < i32(k.q);
  return select(-1, (image * i32(k.p) + p) * i32(k.q) + q, inside);
}
