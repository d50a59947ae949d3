// #include "parts/fold.wgsl"

// The index of the image row (or column) under padded position i, or -1 where zero padding is read.
fn source(i: i32, extent: i32) -> i32 {
  return select(select(-1, i, i >= 0 && i < extent), fold(i, extent), k.reflect == 1u);
}
