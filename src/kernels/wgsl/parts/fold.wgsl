// Position i of an axis mirrored at its borders without repeating the edge: |i|, then 2(extent − 1) − i past the far end.
fn fold(i: i32, extent: i32) -> i32 {
  let a = abs(i);
  return select(a, 2 * (extent - 1) - a, a >= extent);
}
