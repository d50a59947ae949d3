// An input gradient as products of matrices, one for each of the stride*stride phases: rows = pixels of the phase, depth (r,s,o) with o
// fastest. Needs dy and weight.

// #include "parts/reader.wgsl"

// The pixels (h, w) of x with h = h0 + i * stride, w = w0 + j * stride, which the taps (r0 + i * stride, s0 + j * stride) reach.
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

// A pixel of x: its image, the output row and column whose first tap reads it, and a bit for each mirror that it may have (see position).
struct Pixel { image: i32, row: i32, column: i32, mirrors: u32 }

// Pixel m of a phase; those past the end repeat the last, and are not written.
fn pixelOf(phase: Phase, m: u32) -> Pixel {
  let at = min(m, k.n * phase.rowsH * phase.rowsW - 1u);
  let h = at / phase.rowsW % phase.rowsH * k.stride + phase.h0;
  let w = at % phase.rowsW * k.stride + phase.w0;
  var mirrors = 0u;
  if (k.reflect == 1u) {
    let across = 1u | select(0u, 2u, w > 0u && w <= k.padding) | select(0u, 4u, w + 1u < k.w && w + k.padding + 1u >= k.w);
    let top = h > 0u && h <= k.padding;
    let bottom = h + 1u < k.h && h + k.padding + 1u >= k.h;
    mirrors = (across | select(0u, across << 3u, top) | select(0u, across << 6u, bottom)) & ~1u;
  }
  return Pixel(
    i32(at / (phase.rowsH * phase.rowsW)),
    i32((h + k.padding - phase.r0) / k.stride),
    i32((w + k.padding - phase.s0) / k.stride),
    mirrors,
  );
}

// A tap of the phase, and an output channel, or the first of several.
struct Depth { i: u32, j: u32, o: u32 }

fn depthAt(phase: Phase, depth: u32) -> Depth {
  let tap = depth / k.o;
  let across = max(phase.tapsW, 1u);
  return Depth(tap / across, tap % across, depth % k.o);
}

// Moves on to the tap that o has run into.
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
fn ownPosition(phase: Phase, pixel: Pixel, at: Depth) -> i32 {
  return select(-1, position(pixel.image, pixel.row, pixel.column, 0u, i32(at.i), i32(at.j)), at.i < phase.tapsH);
}

fn dyAt(phase: Phase, pixel: Pixel, depth: u32) -> f32 {
  let at = depthAt(phase, depth);
  let own = ownPosition(phase, pixel, at);
  var sum = select(0.0, f32(dy[u32(max(own, 0)) * k.o + at.o]), own >= 0);
  if (at.i >= phase.tapsH) { return sum; }
  for (var left = pixel.mirrors; left != 0u; left &= left - 1u) {
    let mirrored = position(pixel.image, pixel.row, pixel.column, firstTrailingBit(left), i32(at.i), i32(at.j));
    if (mirrored >= 0) { sum += f32(dy[u32(mirrored) * k.o + at.o]); }
  }
  return sum;
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
