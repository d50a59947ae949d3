// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C] of any C (made for images: 1 or 3), weight [KH,KW,C,O], y [N,P,Q,O]; O a multiple of 4.
//
// As conv2d/forward-tiled, but x is loaded one scalar a row and depth step, since its pixels are not whole vec4s.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 7x7 3->32 at 64x64, reflect, 3.0 ms (13 GFLOP/s).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "parts/activate.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element4>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<Element4>;

const LANES = 8u;
const GROUPS = 4u; // of 8 rows

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // #include "conv2d/parts/output-pixels.wgsl"
  let pixelSize = k.c; // of x
  let o4 = k.o / 4u;
  let column = min(tile.y * LANES + lane, o4 - 1u);
  var start = vec4f(0);
  if (BIAS) { start = bias[column]; }
  var acc: array<vec4f, 8u * GROUPS>;
  for (var i = 0u; i < 8u * GROUPS; i++) { acc[i] = start; }

  var b = column;
  for (var r = 0; r < i32(k.kh); r++) {
    for (var s = 0; s < i32(k.kw); s++) {
      // #include "conv2d/parts/tap-pixels.wgsl"
      for (var c = 0u; c < k.c; c++) {
        let bc = vec4f(weight[b]);
        b += o4;
        for (var g = 0u; g < GROUPS; g++) {
          let a = select(0.0, f32(x[pixel[g] + c]), inside[g]);
          acc[8u * g + 0u] += subgroupBroadcast(a, 0u) * bc;
          acc[8u * g + 1u] += subgroupBroadcast(a, 1u) * bc;
          acc[8u * g + 2u] += subgroupBroadcast(a, 2u) * bc;
          acc[8u * g + 3u] += subgroupBroadcast(a, 3u) * bc;
          acc[8u * g + 4u] += subgroupBroadcast(a, 4u) * bc;
          acc[8u * g + 5u] += subgroupBroadcast(a, 5u) * bc;
          acc[8u * g + 6u] += subgroupBroadcast(a, 6u) * bc;
          acc[8u * g + 7u] += subgroupBroadcast(a, 7u) * bc;
        }
      }
    }
  }
  if (tile.y * LANES + lane >= o4) { return; }
  for (var i = 0u; i < 8u * GROUPS; i++) {
    let m = tile.x * 8u * GROUPS + i;
    if (m < rows) { y[m * o4 + column] = Element4(activate4(acc[i])); }
  }
}
