// out[i] = act(x[i]), flat over vec4s. KIND, as in src/kernels/activation.ts:
//   1 relu: x ≤ 0 ? 0 : x    2 leaky relu: x > 0 ? x : slope · x    3 tanh    4 sigmoid: 1 / (1 + e^−x)
// The comparisons let NaN through, so that a broken value stays visible.

// #include "parts/dtype.wgsl"
// #include "parts/tanh.wgsl"
// #include "elementwise/parts/sigmoid.wgsl"
override KIND: u32;

struct Params { vec4s: u32, slope: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read_write> out: array<Element4>;

fn activate(v: vec4f) -> vec4f {
  switch KIND {
    case 1u: { return select(v, vec4f(), v <= vec4f()); }
    case 2u: { return select(p.slope * v, v, v > vec4f()); }
    case 3u: { return tanhOf4(v); }
    default: { return sigmoidOf4(v); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    out[i] = Element4(activate(vec4f(x[i])));
  }
}
