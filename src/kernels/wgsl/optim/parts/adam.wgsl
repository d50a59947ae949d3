// What Adam does to four parameters; needs p with the constants of optim/adam.wgsl's Params.
@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read> live: array<u32>;
@group(0) @binding(2) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> expAvg: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> expAvgSq: array<vec4f>;

fn gradientAt(i: u32) -> vec4f {
  let bits = vec4u(live[i / 8u] >> (4u * (i % 8u))) & vec4u(1u, 2u, 4u, 8u);
  return select(vec4f(), gradients[i], bits != vec4u());
}

// Takes a step along g, and returns the new weights.
fn stepAlong(g: vec4f, i: u32, stepSize: f32, secondMomentScale: f32) -> vec4f {
  let m = p.beta1 * expAvg[i] + p.oneMinusBeta1 * g;
  let v = p.beta2 * expAvgSq[i] + p.oneMinusBeta2 * g * g;
  expAvg[i] = m;
  expAvgSq[i] = v;
  let w = parameters[i] - stepSize * m / (sqrt(v) * secondMomentScale + p.eps);
  parameters[i] = w;
  return w;
}
