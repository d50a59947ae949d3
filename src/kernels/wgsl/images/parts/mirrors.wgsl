// Where the pixel `at` of an axis of `size` went when its image was padded by reflection, `before` pixels before it and `after` behind it: copy 0
// its own place, 1 mirrored before the image, 2 after it; −1 if nowhere.
fn copyOf(at: i32, size: i32, before: i32, after: i32, copy: u32) -> i32 {
  switch copy {
    case 0u: { return before + at; }
    case 1u: { return select(-1, before - at, at >= 1 && at <= before); }
    default: {
      let fromEnd = size - 1 - at;
      return select(-1, before + size - 1 + fromEnd, fromEnd >= 1 && fromEnd <= after);
    }
  }
}
