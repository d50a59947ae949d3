// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w, or a mirror of it under reflection.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C] with C at most 4; O a multiple of 4; reflection at stride 1 only.
//
// As conv2d/forward-thin-output: lanes are pixels of dx, each with all its channels; the 4*C weights of a depth step are loaded by
// the lanes together and handed round. For the gradient that reaches an image.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 7x7 3->32 at 64x64, reflect, 4.0 ms (10 GFLOP/s).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/reader.wgsl"
override BIAS: bool;
override C: u32;
@group(0) @binding(0) var<storage, read> dy: array<Element4>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;

// #include "matmul/parts/lanes.wgsl"
const GROUPS = 4u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // #include "conv2d/parts/phase-pixels.wgsl"
  let o4 = k.o / 4u;
  let pixelSize = o4; // of dy
  let lastRow = C - 1u;
  var acc: array<array<f32, 4>, GROUPS>;
  if (BIAS) {
    for (var c = 0u; c < C; c++) {
      let start = bias[c];
      for (var g = 0u; g < GROUPS; g++) { acc[g][c] = start; }
    }
  }
  for (var i = 0; r0 + i * stride < i32(k.kh); i++) {
    for (var j = 0; s0 + j * stride < i32(k.kw); j++) {
      // #include "conv2d/parts/positions.wgsl"
      // Two positions in each pass: both are multiplied by the same weights, so their operands are added first.
      while (positions != 0u) {
        // #include "conv2d/parts/position-pair.wgsl"
        let b = u32((r0 + i * stride) * i32(k.kw) + s0 + j * stride) * C;
        for (var o = 0u; o < o4; o++) {
          // Lane l holds weight[r,s,l/4, 4o + l%4], and of channels 2 and 3 in the second load.
          let w0 = f32(weight[(b + min(lane / 4u, lastRow)) * k.o + 4u * o + lane % 4u]);
          let w1 = f32(weight[(b + min(2u + lane / 4u, lastRow)) * k.o + 4u * o + lane % 4u]);
          let e0 = vec4f(subgroupBroadcast(w0, 0u), subgroupBroadcast(w0, 1u), subgroupBroadcast(w0, 2u), subgroupBroadcast(w0, 3u));
          let e1 = vec4f(subgroupBroadcast(w0, 4u), subgroupBroadcast(w0, 5u), subgroupBroadcast(w0, 6u), subgroupBroadcast(w0, 7u));
          let e2 = vec4f(subgroupBroadcast(w1, 0u), subgroupBroadcast(w1, 1u), subgroupBroadcast(w1, 2u), subgroupBroadcast(w1, 3u));
          let e3 = vec4f(subgroupBroadcast(w1, 4u), subgroupBroadcast(w1, 5u), subgroupBroadcast(w1, 6u), subgroupBroadcast(w1, 7u));
          for (var g = 0u; g < GROUPS; g++) {
            var a = select(vec4f(0), vec4f(dy[pixel[g] + o]), inside[g]);
            if (paired) { a += select(vec4f(0), vec4f(dy[mirrored[g] + o]), reflected[g]); }
            acc[g][0] += dot(a, e0);
            if (C > 1u) { acc[g][1] += dot(a, e1); }
            if (C > 2u) { acc[g][2] += dot(a, e2); }
            if (C > 3u) { acc[g][3] += dot(a, e3); }
          }
        }
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let m = i32((tile.x * GROUPS + g) * LANES + lane);
    if (m < rows) {
      let at = u32((image[g] * i32(k.h) + h[g]) * i32(k.w) + w[g]) * C;
      for (var c = 0u; c < C; c++) { dx[at + c] = Element(acc[g][c]); }
    }
  }
}
