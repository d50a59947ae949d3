// SGD as in optim/sgd.wgsl, for gradients of a scaled loss: d = gradient / scale. It also writes the new weights as f16. If the outcome in the
// state of the loss scaler says that a gradient is not finite, it does nothing.

enable f16;

// #include "optim/parts/sgd.wgsl"
struct Params {
  vec4s: u32,
  learningRate: u32, // word of the variables
  outcome: u32,      // word of the state; the scale is the first
  momentum: f32,
  weightDecay: f32,
}
var<immediate> p: Params;
@group(0) @binding(4) var<storage, read> variables: array<u32>;
@group(0) @binding(5) var<storage, read> state: array<u32>;
@group(0) @binding(6) var<storage, read_write> halves: array<vec4<f16>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  if ((state[p.outcome] & 2u) != 0u) { return; }
  let scale = bitcast<f32>(state[0]);
  let lr = bitcast<f32>(variables[p.learningRate]);
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    halves[i] = vec4<f16>(stepAlong(gradientAt(i) / scale, i, lr));
  }
}
