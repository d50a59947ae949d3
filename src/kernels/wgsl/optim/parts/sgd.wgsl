// What SGD does to four parameters w with the gradient d: g = d + weightDecay · w, v = momentum · v + g, and w moves by −lr along v, NESTEROV
// along g + momentum · v, without MOMENTUM along g. Needs p with momentum and weightDecay.

// #include "optim/parts/packed.wgsl"
override MOMENTUM: bool;
override NESTEROV: bool;
@group(0) @binding(3) var<storage, read_write> velocity: array<vec4f>;

// Takes a step, and returns the new weights.
fn stepAlong(d: vec4f, i: u32, lr: f32) -> vec4f {
  let before = parameters[i];
  var g = d + p.weightDecay * before;
  if (MOMENTUM) {
    let v = p.momentum * velocity[i] + g;
    velocity[i] = v;
    if (NESTEROV) { g += p.momentum * v; } else { g = v; }
  }
  let w = before - lr * g;
  parameters[i] = w;
  return w;
}
