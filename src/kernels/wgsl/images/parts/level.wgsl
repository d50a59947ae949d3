// Levels of a stored image, 0 to 255: bytes, four to a word, lowest first, or, with images/parts/level-f32.wgsl in place of this file, floats.
fn levelAt(start: u32, index: u32) -> f32 {
  return f32((stored[start + index / 4u] >> (8u * (index % 4u))) & 255u);
}
