// part[z,r,s,c,o] = sum over the z-th share of padded rows (n,h'), and w', of xpad[n,h',w',c] * dy[n, h' + padding - r, w' + padding - s, o]
// x [N,H,W,C], dy [N,P,Q,O] of any O (made for images and a PatchGAN's map), part [splits,KH,KW,C,O]; C a multiple of 4; stride 1.
//
// conv2d/weight-grad-thin-input with the roles swapped: the sum runs over pixels of the padded input (read by index), columns are c,
// rows are (r,s,o) flattened, 32 of them a workgroup. If there are several
// shares, reduce/sum-parts adds them up in a fixed order; a single one goes to dw itself.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 7x7 32->3 at 64x64, reflect, 1.6 ms (25 GFLOP/s).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/shares.wgsl"
// #include "conv2d/parts/source.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> dy: array<Element>;
@group(0) @binding(2) var<storage, read_write> part: array<f32>;

const LANES = 8u;
const GROUPS = 4u; // of 8 rows

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let rows = k.kh * k.kw * k.o;
  let c4 = k.c / 4u;
  let column = min(tile.x * LANES + lane, c4 - 1u);
  // #include "conv2d/parts/output-rows.wgsl"
  var acc: array<vec4f, 8u * GROUPS>;
  let end = shareStart(all, tile.z + 1u);
  for (var nh = shareStart(all, tile.z); nh < end; nh++) {
    // #include "conv2d/parts/output-line.wgsl"
    for (var w = -border; w < i32(k.w) + border; w++) {
      let b = vec4f(x[(line + u32(source(w, i32(k.w)))) * c4 + column]);
      for (var g = 0u; g < GROUPS; g++) {
        // #include "conv2d/parts/output-operand.wgsl"
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
  if (tile.x * LANES + lane >= c4) { return; }
  let first = tile.y * 8u * GROUPS;
  for (var i = 0u; i < 8u * GROUPS; i++) {
    let row = first + i;
    if (row < rows) {
      let at = ((tile.z * k.kh * k.kw + row / k.o) * k.c + 4u * column) * k.o + row % k.o;
      for (var j = 0u; j < 4u; j++) {
        if (k.accumulate == 1u) { acc[i][j] += part[at + j * k.o]; }
        part[at + j * k.o] = acc[i][j];
      }
    }
  }
}
