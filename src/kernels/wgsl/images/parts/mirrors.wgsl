// Where the pixel `at` of an axis of `size` went when its image was padded by reflection, `before` pixels before it and `after` behind it: to its
// own place, and mirrored before the image, after it, or both.
fn copiesOf(at: i32, size: i32, before: i32, after: i32) -> u32 {
  let fromEnd = size - 1 - at;
  return 1u + u32(at >= 1 && at <= before) + u32(fromEnd >= 1 && fromEnd <= after);
}

// One of these copies: 0 its own place, then the one before the image, then the one after it.
fn copyOf(at: i32, size: i32, before: i32, copy: u32) -> i32 {
  if (copy == 0u) { return before + at; }
  if (copy == 1u && at >= 1 && at <= before) { return before - at; }
  return before + 2 * (size - 1) - at;
}
