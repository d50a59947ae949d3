// #include "parts/tanh.wgsl"

// What a kernel applies to its result, by ACTIVATION as in src/kernels/activation.ts: 0 nothing, 1 relu, 2 leaky relu of slope 0.2,
// 3 tanh. The comparisons let NaN through, so that a broken value stays visible.
override ACTIVATION: u32;

fn activate(v: f32) -> f32 {
  if (ACTIVATION == 1u) { return select(v, 0.0, v <= 0.0); }
  if (ACTIVATION == 2u) { return select(0.2 * v, v, v > 0.0); }
  if (ACTIVATION == 3u) { return tanhOf(v); }
  return v;
}

fn activate4(v: vec4f) -> vec4f {
  if (ACTIVATION == 1u) { return select(v, vec4f(0), v <= vec4f(0)); }
  if (ACTIVATION == 2u) { return select(0.2 * v, v, v > vec4f(0)); }
  if (ACTIVATION == 3u) { return tanhOf4(v); }
  return v;
}
