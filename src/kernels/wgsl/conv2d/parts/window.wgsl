// #include "conv2d/parts/source.wgsl"

// What an output pixel reads: the first row of its image in x, and the padded position of its first tap.
struct Window { image: i32, top: i32, left: i32 }

fn windowOf(n: u32, p: u32, q: u32) -> Window {
  return Window(i32(n * k.h), i32(p * k.stride) - i32(k.padding), i32(q * k.stride) - i32(k.padding));
}

// The pixel of x that tap (r, s) of a window reads, or -1 for a zero of the padding and past the last tap.
fn pixelAt(window: Window, r: u32, s: u32) -> i32 {
  let h = source(window.top + i32(r), i32(k.h));
  let w = source(window.left + i32(s), i32(k.w));
  return select(-1, (window.image + h) * i32(k.w) + w, h >= 0 && w >= 0 && r < k.kh);
}
