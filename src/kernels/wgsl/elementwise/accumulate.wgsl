// sum[i] += x[i], flat over vec4s.

// #include "parts/dtype.wgsl"
struct Params { vec4s: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read_write> sum: array<Element4>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    sum[i] = Element4(vec4f(sum[i]) + vec4f(x[i]));
  }
}
