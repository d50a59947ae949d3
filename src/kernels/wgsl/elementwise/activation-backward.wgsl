// gradX[i] = gradOutput[i] · act′, from y = act(x), flat over vec4s. KIND, as in src/kernels/activation.ts:
//   1 relu: y ≤ 0 ? 0 : 1 (0 at 0)    2 leaky relu: y > 0 ? 1 : slope (slope at 0; y has the sign of x as slope ≥ 0)
//   3 tanh: 1 − y²                    4 sigmoid: y · (1 − y)

// #include "parts/dtype.wgsl"
override KIND: u32;

struct Params { vec4s: u32, slope: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> output: array<Element4>;
@group(0) @binding(1) var<storage, read> gradOutput: array<Element4>;
@group(0) @binding(2) var<storage, read_write> gradX: array<Element4>;

fn backward(y: vec4f, grad: vec4f) -> vec4f {
  switch KIND {
    case 1u: { return select(grad, vec4f(), y <= vec4f()); }
    case 2u: { return select(p.slope * grad, grad, y > vec4f()); }
    case 3u: { return grad * (1 - y) * (1 + y); }
    default: { return grad * y * (1 - y); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    gradX[i] = Element4(backward(vec4f(output[i]), vec4f(gradOutput[i])));
  }
}
