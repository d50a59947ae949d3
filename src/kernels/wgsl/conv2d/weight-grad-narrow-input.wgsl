// part[z,r,s,c,o] = sum over the z-th share of padded rows (n,h'), and w', of xpad[n,h',w',c] * dy[n, h' + padding - r, w' + padding - s, o]
// x [N,H,W,C], dy [N,P,Q,O], part [splits,KH,KW,C,O] of any C and O (made for 16 channels of x and fewer); stride 1.
// If there are several shares, reduce/sum-parts adds them up in a fixed order; a single one goes to dw itself.
//
// conv2d/weight-grad-narrow-output with the roles swapped, as conv2d/weight-grad-thin-output: the sum runs over pixels of the padded input,
// columns are c, rows are (r,s,o) flattened.
//
// Measured 2026-11-29, llvmpipe Mesa 25.0.7, 2 cores, batch 2, robustness off, at 64x64: 7x7 8->3, reflect, 0.98 ms (20 GFLOP/s), thin-output 2.66.

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
  let rows = k.kh * k.kw * k.o;
  let column = min(8u * tile.x + lane, k.c - 1u);
  // #include "conv2d/parts/output-rows.wgsl"
  var low: array<vec4f, GROUPS>;
  var high: array<vec4f, GROUPS>;
  let end = shareStart(all, tile.z + 1u);
  for (var nh = shareStart(all, tile.z); nh < end; nh++) {
    // #include "conv2d/parts/output-line.wgsl"
    for (var w = -border; w < i32(k.w) + border; w++) {
      let own = f32(x[(line + u32(source(w, i32(k.w)))) * k.c + column]);
      let lowColumns = lowOf(own);
      let highColumns = highOf(own);
      for (var g = 0u; g < GROUPS; g++) {
        // #include "conv2d/parts/output-operand.wgsl"
        low[g] += a * lowColumns;
        high[g] += a * highColumns;
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let row = (tile.y * GROUPS + g) * LANES + lane;
    if (row < rows) {
      for (var i = 0u; i < 8u; i++) {
        let c = 8u * tile.x + i;
        if (c < k.c) {
          let at = ((tile.z * k.kh * k.kw + row / k.o) * k.c + c) * k.o + row % k.o;
          var sum = oneOf(low[g], high[g], i);
          if (k.accumulate == 1u) { sum += part[at]; }
          part[at] = sum;
        }
      }
    }
  }
}
