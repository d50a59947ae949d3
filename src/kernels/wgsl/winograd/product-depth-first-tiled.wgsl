// out[z,m,o] = sum over d of a[z,d,m] * b[z,d,o], a product of matrices for each z, the first of which lies depth first.
// a [Z,D,M], b [Z,D,O], out [Z,M,O]; M and O multiples of 4.
//
// As conv2d/weight-grad-tiled: registers only, one workgroup = 8 lanes = 32 rows x 32 columns, or 16 = 64 x 64, rows handed round by subgroup broadcast.
//
// Measured 2026-11-27, llvmpipe Mesa 25.0.7, one core beside other work, the 16 products of 3x3 128->128 at 16x16, batch 1, in a profiled step:
// 31 GFLOP/s by the convolution's formula, 14 done; conv2d/weight-grad-tiled 11 to 13 beside it.

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "winograd/parts/product.wgsl"
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

// #include "matmul/parts/lanes.wgsl"

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m4 = k.rows / 4u;
  let o4 = k.columns / 4u;
  let row = min(tile.x * LANES + lane, m4 - 1u);
  let column = min(tile.y * LANES + lane, o4 - 1u);
  var acc: array<vec4f, 4u * LANES>;
  for (var d = tile.z * k.depth; d < (tile.z + 1u) * k.depth; d++) {
    let own = a[d * m4 + row];
    let columns = b[d * o4 + column];
    // #include "matmul/parts/lanes-multiply-depth-first.wgsl"
  }
  if (tile.y * LANES + lane >= o4) { return; }
  for (var i = 0u; i < 4u * LANES; i++) {
    let m = tile.x * 4u * LANES + i;
    if (m < k.rows) { out[(tile.z * k.rows + m) * o4 + column] = acc[i]; }
  }
}
