// out[z,m,o] = sum over d of a[z,d,m] * b[z,d,o] + sum over e of earlierA[z,e,m] * earlierB[z,e,o], two products of matrices for each z.
// a [Z,D,M], b [Z,D,O], earlierA [Z,E,M], earlierB [Z,E,O], out [Z,M,O]; M and O multiples of 4.
//
// As winograd/product-depth-first-tiled, one after the other on the same sums.
//
// Measured 2026-12-01: see conv2d/weight-grad-pair.ts.

enable subgroups;
diagnostic(off, subgroup_uniformity);

struct Products { rows: u32, depth: u32, columns: u32, earlierDepth: u32 }
var<immediate> k: Products;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read> earlierA: array<vec4f>;
@group(0) @binding(3) var<storage, read> earlierB: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

// #include "matmul/parts/lanes.wgsl"

fn multiplyAdd(acc: ptr<function, array<vec4f, 4u * LANES>>, own: vec4f, columns: vec4f) {
  // #include "matmul/parts/lanes-multiply-depth-first.wgsl"
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m4 = k.rows / 4u;
  let o4 = k.columns / 4u;
  let row = min(tile.x * LANES + lane, m4 - 1u);
  let column = min(tile.y * LANES + lane, o4 - 1u);
  var acc: array<vec4f, 4u * LANES>;
  for (var d = tile.z * k.earlierDepth; d < (tile.z + 1u) * k.earlierDepth; d++) {
    multiplyAdd(&acc, earlierA[d * m4 + row], earlierB[d * o4 + column]);
  }
  for (var d = tile.z * k.depth; d < (tile.z + 1u) * k.depth; d++) {
    multiplyAdd(&acc, a[d * m4 + row], b[d * o4 + column]);
  }
  if (tile.y * LANES + lane >= o4) { return; }
  for (var i = 0u; i < 4u * LANES; i++) {
    let m = tile.x * 4u * LANES + i;
    if (m < k.rows) { out[(tile.z * k.rows + m) * o4 + column] = acc[i]; }
  }
}
