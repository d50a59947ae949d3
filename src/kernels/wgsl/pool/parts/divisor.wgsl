// By what the sum of window (p, q) is divided: its pixels inside the image or, PADDED, inside the padded image.
override PADDED: bool;

fn extentOf(window: i32, stride: i32, taps: i32, before: i32, extent: i32, after: i32) -> i32 {
  let begin = window * stride - before;
  let end = begin + taps;
  return select(min(end, extent) - max(begin, 0), min(end, extent + after) - begin, PADDED);
}

fn divisorOf(p: i32, q: i32) -> f32 {
  return f32(extentOf(p, k.sh, k.kh, k.top, k.h, k.bottom) * extentOf(q, k.sw, k.kw, k.left, k.w, k.right));
}
