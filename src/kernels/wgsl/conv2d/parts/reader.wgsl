// The output row whose first tap reads the padded position that shows an image row: of the row itself (m = 0, where it is `row`), of its
// mirror at the low edge (1) or at the high edge (2); far outside where there is no such mirror. Later taps are read by earlier rows.
fn reader(row: i32, extent: i32, m: u32) -> i32 {
  let padding = i32(k.padding);
  if (m == 0u) { return row; }
  if (m == 1u) { return select(2 * padding - row, -1000000, row == padding); }
  return select(2 * (extent - 1 + padding) - row, -1000000, row == extent - 1 + padding);
}

// Offset of dy[n,p,q,0] in whole pixels for the m-th position that shows a pixel, at tap i of its phase's rows and j of its columns, or -1.
fn position(image: i32, row: i32, column: i32, m: u32, i: i32, j: i32) -> i32 {
  let p = reader(row, i32(k.h), m / 3u) - i;
  let q = reader(column, i32(k.w), m % 3u) - j;
  let inside = p >= 0 && q >= 0 && p < i32(k.p) && q < i32(k.q);
  return select(-1, (image * i32(k.p) + p) * i32(k.q) + q, inside);
}
