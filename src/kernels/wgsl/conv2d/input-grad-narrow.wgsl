// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C] of any C and O (made for 16 channels of x and fewer). It knows no reflection: that is folded
// afterwards, since 32 pixels in a line nearly always have some that are mirrored, and all would look for theirs at every tap.
//
// As conv2d/forward-narrow: lanes are pixels of dx, each with 8 of its channels; the 8 weights of a depth step are loaded by the lanes
// together and handed round, one to all.
//
// Measured 2026-11-29, llvmpipe Mesa 25.0.7, 2 cores, batch 2, robustness off, at 64x64: 7x7 8->3, reflect, 1.35 ms (14 GFLOP/s), thin-output 3.9; with
// mirrored pixels looked for at every tap 2.1. 3x3 stride 2 8->16 0.40 ms, tiled 0.95.

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/eight-columns.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> dy: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;

const LANES = 8u;
const GROUPS = 4u; // of 8 rows

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // #include "conv2d/parts/phase-pixels.wgsl"
  let column = min(8u * tile.y + lane, k.c - 1u);
  var low: array<vec4f, GROUPS>;
  var high: array<vec4f, GROUPS>;
  if (BIAS) {
    let start = bias[column];
    for (var g = 0u; g < GROUPS; g++) { low[g] = lowOf(start); high[g] = highOf(start); }
  }
  for (var i = 0; r0 + i * stride < i32(k.kh); i++) {
    for (var j = 0; s0 + j * stride < i32(k.kw); j++) {
      var pixel: array<u32, GROUPS>;
      var inside: array<bool, GROUPS>;
      for (var g = 0u; g < GROUPS; g++) {
        let p = row[g] - i;
        let q = col[g] - j;
        inside[g] = p >= 0 && q >= 0 && p < i32(k.p) && q < i32(k.q);
        pixel[g] = select(0u, u32((image[g] * i32(k.p) + p) * i32(k.q) + q) * k.o, inside[g]);
      }
      let b = (u32((r0 + i * stride) * i32(k.kw) + s0 + j * stride) * k.c + column) * k.o;
      for (var o = 0u; o < k.o; o++) {
        let own = f32(weight[b + o]);
        let lowWeights = lowOf(own);
        let highWeights = highOf(own);
        for (var g = 0u; g < GROUPS; g++) {
          let a = select(0.0, f32(dy[pixel[g] + o]), inside[g]);
          low[g] += a * lowWeights;
          high[g] += a * highWeights;
        }
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let m = i32((tile.x * GROUPS + g) * LANES + lane);
    if (m < rows) {
      let y = m / rowsW % rowsH * stride + phaseH;
      let x = m % rowsW * stride + phaseW;
      let pixelOfX = u32((m / (rowsH * rowsW) * i32(k.h) + y) * i32(k.w) + x);
      for (var i = 0u; i < 8u; i++) {
        let c = 8u * tile.y + i;
        if (c < k.c) { dx[pixelOfX * k.c + c] = Element(oneOf(low[g], high[g], i)); }
      }
    }
  }
}
