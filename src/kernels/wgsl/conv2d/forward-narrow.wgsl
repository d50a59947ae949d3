// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O] of any C and O (made for 16 channels and fewer, which leave lanes of conv2d/forward-tiled idle).
//
// Lanes are rows: each owns GROUPS output pixels with 8 of their channels, which stay in registers. The 8 weights of a depth step are
// loaded by the lanes together and handed round, one to all.
//
// Measured 2026-11-29, llvmpipe Mesa 25.0.7, 2 cores, batch 2, robustness off, at 64x64: 7x7 3->8, reflect, 0.84 ms (23 GFLOP/s), thin-input 2.5; with
// 1 and 2 groups 1.36 and 1.02. 3x3 stride 2 8->16 0.29 ms, tiled 0.33.

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "parts/activate.wgsl"
// #include "conv2d/parts/eight-columns.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;

const LANES = 8u;
const GROUPS = 4u; // of 8 rows

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // #include "conv2d/parts/output-pixels.wgsl"
  let pixelSize = k.c; // of x
  let column = min(8u * tile.y + lane, k.o - 1u);
  var low: array<vec4f, GROUPS>;
  var high: array<vec4f, GROUPS>;
  if (BIAS) {
    let start = bias[column];
    for (var g = 0u; g < GROUPS; g++) { low[g] = lowOf(start); high[g] = highOf(start); }
  }
  var b = column;
  for (var r = 0; r < i32(k.kh); r++) {
    for (var s = 0; s < i32(k.kw); s++) {
      // #include "conv2d/parts/tap-pixels.wgsl"
      for (var c = 0u; c < k.c; c++) {
        let own = f32(weight[b]);
        b += k.o;
        let lowWeights = lowOf(own);
        let highWeights = highOf(own);
        for (var g = 0u; g < GROUPS; g++) {
          let a = select(0.0, f32(x[pixel[g] + c]), inside[g]);
          low[g] += a * lowWeights;
          high[g] += a * highWeights;
        }
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let m = (tile.x * GROUPS + g) * LANES + lane;
    if (m < rows) {
      for (var i = 0u; i < 8u; i++) {
        let o = 8u * tile.y + i;
        if (o < k.o) { y[m * k.o + o] = Element(activate(oneOf(low[g], high[g], i))); }
      }
    }
  }
}
