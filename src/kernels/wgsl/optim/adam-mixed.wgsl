// Adam as in optim/adam.wgsl, for gradients of a scaled loss: g = gradient / scale. It also writes the new weights as f16. If the
// outcome in the state of the loss scaler says that a gradient is not finite, it does nothing.
//
// The step t counts the steps that were not skipped; only the device knows it. So 1 − beta^t is computed here, from 1 − beta, by
// 1 − ab = (1 − a) + (1 − b) · a for each binary digit of t: this loses no digits where beta is near 1.

enable f16;

// #include "optim/parts/adam.wgsl"
struct Params {
  vec4s: u32,
  learningRate: u32, // word of the variables
  outcome: u32,      // word of the state; the steps taken are the next, the scale is the first
  beta1: f32,
  beta2: f32,
  oneMinusBeta1: f32,
  oneMinusBeta2: f32,
  eps: f32,
  weightDecay: f32,
}
var<immediate> p: Params;
@group(0) @binding(5) var<storage, read> variables: array<u32>;
@group(0) @binding(6) var<storage, read> state: array<u32>;
@group(0) @binding(7) var<storage, read_write> halves: array<vec4<f16>>;

fn oneMinusPower(oneMinusBeta: f32, exponent: u32) -> f32 {
  var power = 0.0;
  var square = oneMinusBeta;
  for (var rest = exponent; rest > 0u; rest >>= 1u) {
    if ((rest & 1u) == 1u) { power += square * (1 - power); }
    square += square * (1 - square);
  }
  return power;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  if ((state[p.outcome] & 2u) != 0u) { return; }
  let scale = bitcast<f32>(state[0]);
  let lr = bitcast<f32>(variables[p.learningRate]);
  let step = state[p.outcome + 1u] + 1u;
  let stepSize = lr / oneMinusPower(p.oneMinusBeta1, step);
  let secondMomentScale = 1 / sqrt(oneMinusPower(p.oneMinusBeta2, step));
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    halves[i] = vec4<f16>(stepAlong(gradientAt(i) / scale, i, stepSize, secondMomentScale, 1 - lr * p.weightDecay));
  }
}
