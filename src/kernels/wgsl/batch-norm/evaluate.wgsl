// y[i,c] = activation(gamma[c] · (x[i,c] − mean[c]) / sqrt(variance[c] + eps) + beta[c]), with running statistics. Without SHIFT neither mean
// nor beta is used, which makes it the gradient's way back; without AFFINE neither gamma nor beta.
// x and y [N·H·W,C]; one invocation an element and turn.

// #include "parts/dtype.wgsl"
// #include "parts/activate.wgsl"
override SHIFT: bool;
override AFFINE: bool;
struct Params { count: u32, channels: u32, eps: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read> gamma: array<f32>;
@group(0) @binding(4) var<storage, read> beta: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    let c = i % p.channels;
    var v = f32(x[i]);
    if (SHIFT) { v -= mean[c]; }
    v /= sqrt(variance[c] + p.eps);
    if (AFFINE) { v *= gamma[c]; }
    if (AFFINE && SHIFT) { v += beta[c]; }
    y[i] = Element(activate(v));
  }
}
