// out[i] = a[i] ∘ b[i], flat over vec4s, with ∘ by KIND as in elementwise/parts/arithmetic.wgsl.

// #include "parts/dtype.wgsl"
// #include "elementwise/parts/arithmetic.wgsl"
struct Params { vec4s: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element4>;
@group(0) @binding(1) var<storage, read> b: array<Element4>;
@group(0) @binding(2) var<storage, read_write> out: array<Element4>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    out[i] = Element4(combine(vec4f(a[i]), vec4f(b[i])));
  }
}
