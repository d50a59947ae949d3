// y = activation(gamma[c] * (x - mean[n,c]) * rstd[n,c] + beta[c]) + residual, over x [N,HW,C]; C a multiple of 4. stats [N,2,C] as in
// instance_norm_merge. gamma and beta count only when AFFINE, the residual only when RESIDUAL.

struct Norm { n: u32, pixels: u32, channels: u32, splits: u32, eps: f32 }
var<immediate> k: Norm;
override ACTIVATION: u32;
override AFFINE: bool;
override RESIDUAL: bool;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;

// As in activation.wgsl: NaN passes, and tanh is exact for small and safe for large arguments.
fn activate(v: vec4f) -> vec4f {
  if (ACTIVATION == 1u) { return select(v, vec4f(0), v <= vec4f(0)); }
  if (ACTIVATION == 2u) { return select(0.2 * v, v, v > vec4f(0)); }
  if (ACTIVATION == 3u) {
    let s = v * v;
    let near = v * (1 + s * (-1.0 / 3 + s * (2.0 / 15 + s * (-17.0 / 315 + s * (62.0 / 2835)))));
    let e = exp(-2 * abs(v));
    return select(sign(v) * (1 - e) / (1 + e), near, abs(v) < vec4f(0.25));
  }
  return v;
}

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
    var v = activate((x[at] - mean) * factor + offset);
    if (RESIDUAL) { v += residual[at]; }
    y[at] = v;
  }
}
