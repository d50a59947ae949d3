// part[z,r,s,c,o] = sum over the z-th share of rows (n,p), and q, of x[n, p*stride + r - padding, q*stride + s - padding, c] * dy[n,p,q,o]
// x [N,H,W,C], dy [N,P,Q,O], part [splits,KH,KW,C,O] of any C and O (made for 16 channels of dy and fewer).
// If there are several shares, reduce/sum-parts adds them up in a fixed order; a single one goes to dw itself.
//
// As conv2d/weight-grad-thin-input the rows are (r,s,c) flattened, 32 of them a workgroup, and each lane finds its own pixel of x; but lanes
// are rows to the end: each owns GROUPS of them with 8 columns. The 8 numbers of dy of a pixel are loaded together and handed round.
//
// Measured 2026-11-29, llvmpipe Mesa 25.0.7, 2 cores, batch 2, robustness off, at 64x64: 7x7 3->8, reflect, 0.86 ms (22 GFLOP/s), thin-input 2.15.
// 3x3 stride 2 8->16 0.47 ms, thin-input 0.57.

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/shares.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "conv2d/parts/eight-columns.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> dy: array<Element>;
@group(0) @binding(2) var<storage, read_write> part: array<f32>;

const LANES = 8u;
const GROUPS = 4u; // of 8 rows

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let rows = k.kh * k.kw * k.c;
  let column = min(8u * tile.x + lane, k.o - 1u);
  // #include "conv2d/parts/input-rows.wgsl"
  var low: array<vec4f, GROUPS>;
  var high: array<vec4f, GROUPS>;
  let end = shareStart(all, tile.z + 1u);
  for (var np = shareStart(all, tile.z); np < end; np++) {
    // #include "conv2d/parts/input-line.wgsl"
    for (var q = 0u; q < k.q; q++) {
      let own = f32(dy[(np * k.q + q) * k.o + column]);
      let lowColumns = lowOf(own);
      let highColumns = highOf(own);
      for (var g = 0u; g < GROUPS; g++) {
        // #include "conv2d/parts/input-operand.wgsl"
        low[g] += a * lowColumns;
        high[g] += a * highColumns;
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let row = (tile.y * GROUPS + g) * LANES + lane;
    if (row < rows) {
      for (var i = 0u; i < 8u; i++) {
        let o = 8u * tile.x + i;
        if (o < k.o) {
          let at = (tile.z * rows + row) * k.o + o;
          var sum = oneOf(low[g], high[g], i);
          if (k.accumulate == 1u) { sum += part[at]; }
          part[at] = sum;
        }
      }
    }
  }
}
