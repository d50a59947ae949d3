// Stochastic gradient descent as PyTorch computes it, one step over a whole packed group of parameters, flat over vec4s; the formula is in
// optim/parts/sgd.wgsl. The learning rate is a variable.

// #include "optim/parts/sgd.wgsl"
struct Params { vec4s: u32, learningRate: u32, momentum: f32, weightDecay: f32 }
var<immediate> p: Params;
@group(0) @binding(4) var<storage, read> variables: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let lr = bitcast<f32>(variables[p.learningRate]);
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) { _ = stepAlong(gradientAt(i), i, lr); }
}
