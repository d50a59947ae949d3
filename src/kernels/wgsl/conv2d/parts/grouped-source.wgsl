// #include "parts/fold.wgsl"

// The image row (or column) that is read at padded position i, or -1 for a zero of the padding.
fn source(i: i32, extent: i32) -> i32 {
  return select(select(-1, i, i >= 0 && i < extent), fold(i, extent), REFLECT);
}
