// The padded position that shows image row i: itself (m = 0), mirrored at the low edge (1) or at the high edge (2); far outside where there is none.
fn shown(i: i32, extent: i32, m: u32) -> i32 {
  if (m == 0u) { return i; }
  if (m == 1u) { return select(-i, -10000000, i == 0); }
  return select(2 * (extent - 1) - i, -10000000, i == extent - 1);
}
