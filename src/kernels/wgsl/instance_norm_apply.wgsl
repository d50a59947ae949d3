// y = activation(gamma[c] * (x - mean[n,c]) * rstd[n,c] + beta[c]) + residual, over x [N,HW,C]; C a multiple of 4. stats [N,2,C] as in
// instance_norm_merge. gamma and beta count only when AFFINE, the residual only when RESIDUAL.

// #include "parts/norm.wgsl"
// #include "parts/activate.wgsl"
override AFFINE: bool;
override RESIDUAL: bool;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let mean = stats[tile.y * 2u * c4 + c];
  var factor = stats[(tile.y * 2u + 1u) * c4 + c];
  var offset = vec4f(0);
  if (AFFINE) {
    factor *= gamma[c];
    offset = beta[c];
  }
  let image = tile.y * k.pixels;
  for (var i = image + k.pixels * tile.z / k.splits; i < image + k.pixels * (tile.z + 1u) / k.splits; i++) {
    let at = i * c4 + c;
    var v = activate4((x[at] - mean) * factor + offset);
    if (RESIDUAL) { v += residual[at]; }
    y[at] = v;
  }
}
