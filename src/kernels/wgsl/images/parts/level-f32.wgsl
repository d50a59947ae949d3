// Levels of a stored image, 0 to 255, as floats; bytes in images/parts/level.wgsl.
fn levelAt(start: u32, index: u32) -> f32 {
  return bitcast<f32>(stored[start + index]);
}
