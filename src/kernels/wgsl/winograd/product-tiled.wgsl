// out[z,m,o] = sum over d of a[z,m,d] * b[z,d,o], a product of matrices for each z; or, TRANSPOSED, of a[z,m,d] * b[z,o,d].
// a [Z,M,D], b [Z,D,O] or [Z,O,D] in panels, out [Z,M,O]; D and O multiples of 4.
//
// As conv2d/forward-tiled: registers only, one workgroup = 8 lanes = 16 rows x 32 columns, or 16 = 32 x 64, rows handed round by subgroup broadcast.
//
// Measured 2026-11-27, llvmpipe Mesa 25.0.7, one core beside other work, the 16 products of 3x3 128->128 at 16x16, batch 1, in a profiled step:
// 31 GFLOP/s by the convolution's formula, 14 done; conv2d/forward-tiled 10 to 14 beside it. With b in panels, 2026-11-30, two idle cores, the
// 36 products of 4x4 tiles: 118 -> 83 ms a step.

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "winograd/parts/product.wgsl"
override TRANSPOSED: bool;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

// #include "matmul/parts/lanes.wgsl"
// #include "winograd/parts/panels.wgsl"
const GROUPS = 2u; // of a row a lane

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let d4 = k.depth / 4u;
  let o4 = k.columns / 4u;
  let first = tile.y * LANES;
  let width = panelWidth(first, o4, LANES);
  let column = min(lane, width - 1u);
  var row: array<u32, GROUPS>;
  for (var g = 0u; g < GROUPS; g++) {
    row[g] = (tile.z * k.rows + min((tile.x * GROUPS + g) * LANES + lane, k.rows - 1u)) * d4;
  }
  var acc: array<vec4f, LANES * GROUPS>;
  let start = tile.z * k.depth * o4;
  for (var d = 0u; d < d4; d++) {
    // Four depth steps of a vec4 of columns lie one behind the other, or a vec4 of depth steps of four columns.
    let at = select((start + panelled(4u * d, first, k.depth, o4, LANES)) + column,
      start + panelled(4u * (first + column), d, k.columns, d4, LANES), TRANSPOSED);
    let step = select(width, panelWidth(d - d % LANES, d4, LANES), TRANSPOSED);
    let b0 = b[at];
    let b1 = b[at + step];
    let b2 = b[at + 2u * step];
    let b3 = b[at + 3u * step];
    for (var g = 0u; g < GROUPS; g++) {
      let own = a[row[g] + d];
      if (TRANSPOSED) {
        // #include "matmul/parts/lanes-dot.wgsl"
      } else {
        // #include "matmul/parts/lanes-multiply.wgsl"
      }
    }
  }
  if (lane >= width) { return; }
  for (var i = 0u; i < LANES * GROUPS; i++) {
    let m = tile.x * LANES * GROUPS + i;
    if (m < k.rows) { out[(tile.z * k.rows + m) * o4 + first + lane] = acc[i]; }
  }
}
