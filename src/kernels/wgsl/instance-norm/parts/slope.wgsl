// The derivative of the activation that parts/activate.wgsl applies, from the activation's input.
override ACTIVATION: u32;

fn slope(v: f32) -> f32 {
  if (ACTIVATION == 1u) { return select(0.0, 1.0, v > 0); }
  if (ACTIVATION == 2u) { return select(0.2, 1.0, v > 0); }
  if (ACTIVATION == 3u) {
    let e = exp(-2 * abs(v));
    let t = (1 - e) / (1 + e);
    return 1 - t * t;
  }
  return 1.0;
}

fn slope4(v: vec4f) -> vec4f {
  if (ACTIVATION == 1u) { return select(vec4f(0), vec4f(1), v > vec4f(0)); }
  if (ACTIVATION == 2u) { return select(vec4f(0.2), vec4f(1), v > vec4f(0)); }
  if (ACTIVATION == 3u) {
    let e = exp(-2 * abs(v));
    let t = (1 - e) / (1 + e);
    return 1 - t * t;
  }
  return vec4f(1);
}
