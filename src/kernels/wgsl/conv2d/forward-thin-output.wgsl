// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O]; C a multiple of 4, O at most 4 (made for images and for the last map of a PatchGAN).
//
// Lanes are rows here: each lane owns GROUPS output pixels with all their channels. The 4*O weights of a depth step are contiguous;
// the lanes load them together and hand them round.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 7x7 32->3 at 64x64, reflect, 2.9 ms (13 GFLOP/s).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "parts/activate.wgsl"
override BIAS: bool;
override O: u32;
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;

// #include "matmul/parts/lanes.wgsl"
const GROUPS = 8u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // #include "conv2d/parts/output-pixels.wgsl"
  let c4 = k.c / 4u;
  let pixelSize = c4; // of x
  let last = k.kh * k.kw * k.c * O - 1u;
  var acc: array<array<f32, 4>, GROUPS>;
  if (BIAS) {
    for (var o = 0u; o < O; o++) {
      let start = bias[o];
      for (var g = 0u; g < GROUPS; g++) { acc[g][o] = start; }
    }
  }
  var b = 0u;
  for (var r = 0; r < i32(k.kh); r++) {
    for (var s = 0; s < i32(k.kw); s++) {
      // #include "conv2d/parts/tap-pixels.wgsl"
      for (var c = 0u; c < c4; c++) {
        let w0 = f32(weight[min(b + lane, last)]);
        let w1 = f32(weight[min(b + LANES + lane, last)]);
        b += 4u * O;
        var e: array<vec4f, 4>;
        for (var o = 0u; o < 4u; o++) {
          if (o < O) {
            for (var j = 0u; j < 4u; j++) {
              let at = j * O + o;
              if (at < LANES) { e[o][j] = subgroupShuffle(w0, at); } else { e[o][j] = subgroupShuffle(w1, at - LANES); }
            }
          }
        }
        for (var g = 0u; g < GROUPS; g++) {
          let a = select(vec4f(0), vec4f(x[pixel[g] + c]), inside[g]);
          acc[g][0] += dot(a, e[0]);
          if (O > 1u) { acc[g][1] += dot(a, e[1]); }
          if (O > 2u) { acc[g][2] += dot(a, e[2]); }
          if (O > 3u) { acc[g][3] += dot(a, e[3]); }
        }
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let m = (tile.x * GROUPS + g) * LANES + lane;
    if (m < rows) {
      for (var o = 0u; o < O; o++) { y[m * O + o] = Element(activate(acc[g][o])); }
    }
  }
}
