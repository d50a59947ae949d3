// What Adam does to four parameters; needs p with the constants of optim/adam.wgsl's Params.

// #include "optim/parts/packed.wgsl"
override DECAY: bool; // weights are multiplied by `keep` first, as AdamW does
@group(0) @binding(3) var<storage, read_write> expAvg: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> expAvgSq: array<vec4f>;

// Takes a step along g, and returns the new weights.
fn stepAlong(g: vec4f, i: u32, stepSize: f32, secondMomentScale: f32, keep: f32) -> vec4f {
  let m = p.beta1 * expAvg[i] + p.oneMinusBeta1 * g;
  let v = p.beta2 * expAvgSq[i] + p.oneMinusBeta2 * g * g;
  expAvg[i] = m;
  expAvgSq[i] = v;
  var before = parameters[i];
  if (DECAY) { before *= keep; }
  let w = before - stepSize * m / (sqrt(v) * secondMomentScale + p.eps);
  parameters[i] = w;
  return w;
}
