// out[z,m,o] = sum over d of a[z,d,m] * b[z,d,o], a product of matrices for each z, the first of which lies depth first.
// a [Z,D,M], b [Z,D,O], out [Z,M,O]; M and O multiples of 4.
//
// As conv2d_weight_grad_tiled: registers only, one workgroup = 8 lanes = 32 rows x 32 columns, rows handed round by subgroup broadcast.
//
// Measured 2026-11-27, llvmpipe Mesa 25.0.7, one core beside other work, the 16 products of 3x3 128->128 at 16x16, batch 1, in a profiled step:
// 31 GFLOP/s by the convolution's formula, 14 done; conv2d_weight_grad_tiled 11 to 13 beside it.

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/product.wgsl"
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

const LANES = 8u;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m4 = k.rows / 4u;
  let o4 = k.columns / 4u;
  let row = min(tile.x * LANES + lane, m4 - 1u);
  let column = min(tile.y * LANES + lane, o4 - 1u);
  var acc: array<vec4f, 32>;
  for (var d = tile.z * k.depth; d < (tile.z + 1u) * k.depth; d++) {
    let rows = a[d * m4 + row];
    let columns = b[d * o4 + column];
    { let e = subgroupBroadcast(rows, 0u); acc[0] += e.x * columns; acc[1] += e.y * columns; acc[2] += e.z * columns; acc[3] += e.w * columns; }
    { let e = subgroupBroadcast(rows, 1u); acc[4] += e.x * columns; acc[5] += e.y * columns; acc[6] += e.z * columns; acc[7] += e.w * columns; }
    { let e = subgroupBroadcast(rows, 2u); acc[8] += e.x * columns; acc[9] += e.y * columns; acc[10] += e.z * columns; acc[11] += e.w * columns; }
    { let e = subgroupBroadcast(rows, 3u); acc[12] += e.x * columns; acc[13] += e.y * columns; acc[14] += e.z * columns; acc[15] += e.w * columns; }
    { let e = subgroupBroadcast(rows, 4u); acc[16] += e.x * columns; acc[17] += e.y * columns; acc[18] += e.z * columns; acc[19] += e.w * columns; }
    { let e = subgroupBroadcast(rows, 5u); acc[20] += e.x * columns; acc[21] += e.y * columns; acc[22] += e.z * columns; acc[23] += e.w * columns; }
    { let e = subgroupBroadcast(rows, 6u); acc[24] += e.x * columns; acc[25] += e.y * columns; acc[26] += e.z * columns; acc[27] += e.w * columns; }
    { let e = subgroupBroadcast(rows, 7u); acc[28] += e.x * columns; acc[29] += e.y * columns; acc[30] += e.z * columns; acc[31] += e.w * columns; }
  }
  if (tile.y * LANES + lane >= o4) { return; }
  for (var i = 0u; i < 32u; i++) {
    let m = tile.x * 32u + i;
    if (m < k.rows) { out[(tile.z * k.rows + m) * o4 + column] = acc[i]; }
  }
}
