// A forward product: rows m = (n,p,q), depth (r,s,c) with c fastest. Needs x and weight.

// #include "conv2d/parts/window.wgsl"

// The window of row m. A row past the end gets that of the last, and is not written.
fn rowWindow(m: u32) -> Window {
  let row = min(m, k.n * k.p * k.q - 1u);
  return windowOf(row / (k.p * k.q), row / k.q % k.p, row % k.q);
}

// A tap, and which part of its channels: parts are vec4s, or eights.
struct Depth { r: u32, s: u32, part: u32 }

// Where the part has run past those of its tap, moves on to the tap to which it belongs; past the last tap r is KH.
fn settled(at: Depth, parts: u32) -> Depth {
  var next = at;
  while (next.part >= parts) {
    next.part -= parts;
    next.s += 1u;
    if (next.s == k.kw) {
      next.s = 0u;
      next.r += 1u;
    }
  }
  return next;
}

fn xAt(window: Window, depth: u32) -> f32 {
  let tap = depth / k.c;
  let pixel = pixelAt(window, tap / k.kw, tap % k.kw);
  return select(0.0, f32(x[u32(max(pixel, 0)) * k.c + depth % k.c]), pixel >= 0);
}

fn weightAt(depth: u32, o: u32) -> f32 {
  let inside = depth < k.kh * k.kw * k.c && o < k.o;
  return select(0.0, f32(weight[select(0u, depth * k.o + o, inside)]), inside);
}
