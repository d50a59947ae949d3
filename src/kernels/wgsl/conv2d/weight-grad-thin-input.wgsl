// part[z,r,s,c,o] = sum over the z-th share of rows (n,p), and q, of x[n, p*stride + r - padding, q*stride + s - padding, c] * dy[n,p,q,o]
// x [N,H,W,C] of any C (made for images), dy [N,P,Q,O], part [splits,KH,KW,C,O]; O a multiple of 4.
// If there are several shares, reduce/sum-parts adds them up in a fixed order; a single one goes to dw itself.
//
// As conv2d/weight-grad-tiled, but the rows are (r,s,c) flattened, 32 of them a workgroup; each lane finds its own pixel of x.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 7x7 3->32 at 64x64, reflect, 1.6 ms (24 GFLOP/s).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/shares.wgsl"
// #include "conv2d/parts/source.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> dy: array<Element4>;
@group(0) @binding(2) var<storage, read_write> part: array<vec4f>;

const LANES = 8u;
const GROUPS = 4u; // of 8 rows

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let rows = k.kh * k.kw * k.c;
  let o4 = k.o / 4u;
  let column = min(tile.x * LANES + lane, o4 - 1u);
  // #include "conv2d/parts/input-rows.wgsl"
  var acc: array<vec4f, 8u * GROUPS>;
  let end = shareStart(all, tile.z + 1u);
  for (var np = shareStart(all, tile.z); np < end; np++) {
    // #include "conv2d/parts/input-line.wgsl"
    for (var q = 0u; q < k.q; q++) {
      let b = vec4f(dy[(np * k.q + q) * o4 + column]);
      for (var g = 0u; g < GROUPS; g++) {
        // #include "conv2d/parts/input-operand.wgsl"
        acc[8u * g + 0u] += subgroupBroadcast(a, 0u) * b;
        acc[8u * g + 1u] += subgroupBroadcast(a, 1u) * b;
        acc[8u * g + 2u] += subgroupBroadcast(a, 2u) * b;
        acc[8u * g + 3u] += subgroupBroadcast(a, 3u) * b;
        acc[8u * g + 4u] += subgroupBroadcast(a, 4u) * b;
        acc[8u * g + 5u] += subgroupBroadcast(a, 5u) * b;
        acc[8u * g + 6u] += subgroupBroadcast(a, 6u) * b;
        acc[8u * g + 7u] += subgroupBroadcast(a, 7u) * b;
      }
    }
  }
  if (tile.x * LANES + lane >= o4) { return; }
  let first = tile.y * 8u * GROUPS;
  for (var i = 0u; i < 8u * GROUPS; i++) {
    if (first + i >= rows) { continue; }
    let at = (tile.z * rows + first + i) * o4 + column;
    if (k.accumulate == 1u) { acc[i] += part[at]; }
    part[at] = acc[i];
  }
}
