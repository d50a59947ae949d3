// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O]; C and O multiples of 4.
//
// Implicit GEMM: rows m = (n,p,q), columns o, depth (r,s,c) with c fastest. Registers only, one workgroup = 8 lanes = 16 rows x 32 columns, or 16 = 32 x 64.
// On lavapipe a load costs some 80 instructions whatever its width, so operands are loaded as vec4 and each lane loads another row
// of x (8 rows a load); the rows then reach all lanes by subgroup broadcast. Each lane owns 4 columns.
//
// Measured 2026-11-23, llvmpipe Mesa 25.0.7, 2 cores, batch 1, 3x3, reflect, robustness off: 128->128 at 16x16 1.66 ms (45 GFLOP/s);
// 64->64 at 64x64 6.6 ms (46); 256->256 at 64x64 102 ms (47). Rows loaded by every lane, without broadcasts: 20 GFLOP/s at best.

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "parts/activate.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> weight: array<Element4>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<Element4>;

// #include "matmul/parts/lanes.wgsl"
const GROUPS = 2u; // of a row a lane

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // #include "conv2d/parts/output-pixels.wgsl"
  let c4 = k.c / 4u;
  let pixelSize = c4; // of x
  let o4 = k.o / 4u;
  let column = min(tile.y * LANES + lane, o4 - 1u);
  var start = vec4f(0);
  if (BIAS) { start = bias[column]; }
  var acc: array<vec4f, LANES * GROUPS>;
  for (var i = 0u; i < LANES * GROUPS; i++) { acc[i] = start; }

  var b = column;
  for (var r = 0; r < i32(k.kh); r++) {
    for (var s = 0; s < i32(k.kw); s++) {
      // #include "conv2d/parts/tap-pixels.wgsl"
      for (var c = 0u; c < c4; c++) {
        let b0 = vec4f(weight[b]);
        let b1 = vec4f(weight[b + o4]);
        let b2 = vec4f(weight[b + 2u * o4]);
        let b3 = vec4f(weight[b + 3u * o4]);
        b += 4u * o4;
        for (var g = 0u; g < GROUPS; g++) {
          let own = select(vec4f(0), vec4f(x[pixel[g] + c]), inside[g]);
          // #include "matmul/parts/lanes-multiply.wgsl"
        }
      }
    }
  }
  if (tile.y * LANES + lane >= o4) { return; }
  for (var i = 0u; i < LANES * GROUPS; i++) {
    let m = tile.x * LANES * GROUPS + i;
    if (m < rows) { y[m * o4 + column] = Element4(activate4(acc[i])); }
  }
}
