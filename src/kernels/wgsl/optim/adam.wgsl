// Adam (Kingma and Ba, 2015) as PyTorch computes it, one step over a whole packed group of parameters, flat over vec4s:
//
//   m = beta1 · m + (1 − beta1) · g
//   v = beta2 · v + (1 − beta2) · g²
//   w = (1 − lr · weightDecay) · w, for AdamW
//   w = w − lr / (1 − beta1^t) · m / (sqrt(v) / sqrt(1 − beta2^t) + eps)
//
// The step's own constants are variables, computed on the host in float64: 1 − beta2 loses four digits in f32. `live` holds a bit
// for every element of the group that is a parameter.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores shared with other work: 2 million parameters in 9 ms, 6.2 GB/s.

// #include "optim/parts/adam.wgsl"
struct Params {
  vec4s: u32,
  variables: u32, // first word: lr / (1 − beta1^t), 1 / sqrt(1 − beta2^t), 1 − lr · weightDecay
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  eps: f32,
}
var<immediate> p: Params;
@group(0) @binding(5) var<storage, read> variables: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let stepSize = bitcast<f32>(variables[p.variables]);
  let secondMomentScale = bitcast<f32>(variables[p.variables + 1u]);
  let keep = bitcast<f32>(variables[p.variables + 2u]);
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    _ = stepAlong(gradientAt(i), i, stepSize, secondMomentScale, keep);
  }
}
