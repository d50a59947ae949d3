// out[i] = value, flat over vec4s.

// #include "parts/dtype.wgsl"
struct Params { vec4s: u32, value: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read_write> out: array<Element4>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    out[i] = Element4(vec4f(p.value));
  }
}
