// An input gradient under zero padding as stride*stride products of matrices, one for each phase. With a stride, only some taps
// can have read a given pixel of x. A phase is the pixels that the same taps can have read, and those taps; so no product
// contains a zero for a tap that does not fit. Rows = pixels of the phase, depth (r,s,o) with o fastest. Needs dy and weight.

// The pixels (h0 + i * stride, w0 + j * stride) of x, and the taps (r0 + i * stride, s0 + j * stride).
struct Phase { h0: u32, w0: u32, rowsH: u32, rowsW: u32, r0: u32, s0: u32, tapsH: u32, tapsW: u32 }

fn phaseOf(z: u32) -> Phase {
  let h0 = z / k.stride;
  let w0 = z % k.stride;
  let r0 = (h0 + k.padding) % k.stride;
  let s0 = (w0 + k.padding) % k.stride;
  let last = k.stride - 1u;
  return Phase(
    h0,
    w0,
    (k.h + last - h0) / k.stride,
    (k.w + last - w0) / k.stride,
    r0,
    s0,
    (k.kh + last - r0) / k.stride,
    (k.kw + last - s0) / k.stride,
  );
}

// A pixel of x: its image, and the output row and column whose first tap reads it.
struct Pixel { image: i32, row: i32, column: i32 }

// Pixel m of a phase. One past the end gets the place of the last, and is not written.
fn pixelOf(phase: Phase, m: u32) -> Pixel {
  let at = min(m, k.n * phase.rowsH * phase.rowsW - 1u);
  let h = at / phase.rowsW % phase.rowsH * k.stride + phase.h0;
  let w = at % phase.rowsW * k.stride + phase.w0;
  return Pixel(
    i32(at / (phase.rowsH * phase.rowsW)),
    i32((h + k.padding - phase.r0) / k.stride),
    i32((w + k.padding - phase.s0) / k.stride),
  );
}

// A tap of the phase, and an output channel, or the first of several.
struct Depth { i: u32, j: u32, o: u32 }

fn depthAt(phase: Phase, depth: u32) -> Depth {
  let tap = depth / k.o;
  let across = max(phase.tapsW, 1u);
  return Depth(tap / across, tap % across, depth % k.o);
}

// Where o has run past the last channel, moves on to the tap to which it belongs.
fn settled(phase: Phase, at: Depth) -> Depth {
  var next = at;
  while (next.o >= k.o) {
    next.o -= k.o;
    next.j += 1u;
    if (next.j >= phase.tapsW) {
      next.j = 0u;
      next.i += 1u;
    }
  }
  return next;
}

// The pixel of dy that reads this pixel of x at a tap, or -1.
fn positionOf(phase: Phase, pixel: Pixel, at: Depth) -> i32 {
  let p = pixel.row - i32(at.i);
  let q = pixel.column - i32(at.j);
  let inside = at.i < phase.tapsH && p >= 0 && q >= 0 && p < i32(k.p) && q < i32(k.q);
  return select(-1, (pixel.image * i32(k.p) + p) * i32(k.q) + q, inside);
}

fn dyAt(phase: Phase, pixel: Pixel, depth: u32) -> f32 {
  let at = depthAt(phase, depth);
  let position = positionOf(phase, pixel, at);
  return select(0.0, f32(dy[u32(max(position, 0)) * k.o + at.o]), position >= 0);
}

// Offset of weight[r,s,c,o] at a tap.
fn weightOffset(phase: Phase, c: u32, at: Depth) -> u32 {
  let tap = (phase.r0 + at.i * k.stride) * k.kw + phase.s0 + at.j * k.stride;
  return (tap * k.c + c) * k.o + at.o;
}

fn weightAt(phase: Phase, c: u32, depth: u32) -> f32 {
  let at = depthAt(phase, depth);
  let inside = c < k.c && at.i < phase.tapsH;
  return select(0.0, f32(weight[select(0u, weightOffset(phase, c, at), inside)]), inside);
}
