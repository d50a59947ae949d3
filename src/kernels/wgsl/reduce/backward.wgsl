// gradient[i] = gradOutput[0] · factor · derivative of the term that reduce/whole.wgsl sums, flat over vec4s. b as in
// reduce/whole.wgsl; KIND, as in src/kernels/reduce.ts:
//   0 1    1 sign(a − b), 0 at ties    2 2 (a − b)    3 sigmoid(a) − b    4 −a, the derivative of 3 by its target b

// #include "parts/dtype.wgsl"
// #include "elementwise/parts/sigmoid.wgsl"
override KIND: u32;

struct Params { vec4s: u32, factor: f32, constants: u32, first: f32, second: f32, half: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element4>;
@group(0) @binding(1) var<storage, read> b: array<Element4>;
@group(0) @binding(2) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<Element4>;

fn derivative(i: u32) -> vec4f {
  if (KIND == 0u) { return vec4f(1); }
  let x = vec4f(a[i]);
  if (KIND == 4u) { return -x; }
  var y = select(vec4f(p.second), vec4f(p.first), 4 * i + vec4u(0, 1, 2, 3) < vec4u(p.half));
  if (p.constants == 0u) { y = vec4f(b[i]); }
  switch KIND {
    case 1u: { return sign(x - y); }
    case 2u: { return 2 * (x - y); }
    default: { return sigmoidOf4(x) - y; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let scale = gradOutput[0] * p.factor;
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    gradient[i] = Element4(scale * derivative(i));
  }
}
