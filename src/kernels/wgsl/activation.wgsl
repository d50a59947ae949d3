// out[i] = act(x[i]), flat over vec4s. KIND, as in src/kernels/activation.ts:
//   1 relu: x ≤ 0 ? 0 : x    2 leaky relu: x > 0 ? x : slope · x    3 tanh    4 sigmoid: 1 / (1 + e^−x)
// The comparisons let NaN through, so that a broken value stays visible.

override KIND: u32;

struct Params { vec4s: u32, slope: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

// Devices may compute the builtin as a quotient of overflowing exponentials (NaN at 100) and lose small arguments, so:
// the Taylor series to x⁹ where it is exact to 1e-8, else (1 − e) / (1 + e) with e = e^(−2|x|) ≤ 1.
fn tanhOf(v: vec4f) -> vec4f {
  let s = v * v;
  let near = v * (1 + s * (-1.0 / 3 + s * (2.0 / 15 + s * (-17.0 / 315 + s * (62.0 / 2835)))));
  let e = exp(-2 * abs(v));
  return select(sign(v) * (1 - e) / (1 + e), near, abs(v) < vec4f(0.25));
}

fn sigmoidOf(v: vec4f) -> vec4f {
  let e = exp(-abs(v));
  return select(vec4f(1), e, v < vec4f()) / (1 + e);
}

fn activate(v: vec4f) -> vec4f {
  switch KIND {
    case 1u: { return select(v, vec4f(), v <= vec4f()); }
    case 2u: { return select(p.slope * v, v, v > vec4f()); }
    case 3u: { return tanhOf(v); }
    default: { return sigmoidOf(v); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    out[i] = activate(x[i]);
  }
}
