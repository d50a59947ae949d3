// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w, or a mirror of it under reflection.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C]; C and O multiples of 4; reflection at stride 1 only.
//
// Implicit GEMM, one for each of the stride*stride phases (grid z), so that no tap multiplies an inserted zero: rows = pixels of the phase,
// columns c, depth (r,s,o). Mapping and loads as in conv2d/forward-tiled; weights are read in place, four depth steps of a column a load.
// Mirrored positions add to the loaded operand (they share the tap's weights), so they cost loads at the border and no multiplies.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 3x3 128->128 at 16x16, reflect,
// 2.0 ms (37 GFLOP/s; naive 2.5); 3x3 stride 2 32->64 at 64x64 1.6 ms (24); 4x4 stride 2 32->64 at 32x32 0.52 ms (33).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/reader.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> dy: array<Element4>;
@group(0) @binding(1) var<storage, read> weight: array<Element4>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element4>;

// #include "matmul/parts/lanes.wgsl"
const GROUPS = 2u; // of a row a lane

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // #include "conv2d/parts/phase-pixels.wgsl"
  let c4 = k.c / 4u;
  let o4 = k.o / 4u;
  let pixelSize = o4; // of dy
  let column = min(tile.y * LANES + lane, c4 - 1u);
  var start = vec4f(0);
  if (BIAS) { start = bias[column]; }
  var acc: array<vec4f, LANES * GROUPS>;
  for (var i = 0u; i < LANES * GROUPS; i++) { acc[i] = start; }

  for (var i = 0; r0 + i * stride < i32(k.kh); i++) {
    for (var j = 0; s0 + j * stride < i32(k.kw); j++) {
      // #include "conv2d/parts/positions.wgsl"
      // Two positions in each pass: both are multiplied by the same weights, so their operands are added first.
      while (positions != 0u) {
        // #include "conv2d/parts/position-pair.wgsl"
        let b = (u32((r0 + i * stride) * i32(k.kw) + s0 + j * stride) * k.c + 4u * column) * o4;
        for (var o = 0u; o < o4; o++) {
          let b0 = vec4f(weight[b + o]);
          let b1 = vec4f(weight[b + o4 + o]);
          let b2 = vec4f(weight[b + 2u * o4 + o]);
          let b3 = vec4f(weight[b + 3u * o4 + o]);
          for (var g = 0u; g < GROUPS; g++) {
            var own = select(vec4f(0), vec4f(dy[pixel[g] + o]), inside[g]);
            if (paired) { own += select(vec4f(0), vec4f(dy[mirrored[g] + o]), reflected[g]); }
            // #include "matmul/parts/lanes-dot.wgsl"
          }
        }
      }
    }
  }
  if (tile.y * LANES + lane >= c4) { return; }
  for (var i = 0u; i < LANES * GROUPS; i++) {
    let m = i32(tile.x * LANES * GROUPS + i);
    if (m < rows) {
      let y = m / rowsW % rowsH * stride + phaseH;
      let x = m % rowsW * stride + phaseW;
      dx[u32((m / (rowsH * rowsW) * i32(k.h) + y) * i32(k.w) + x) * c4 + column] = Element4(acc[i]);
    }
  }
}
