// out[i] = x[i], from f16 to f32, flat over vec4s.

enable f16;

struct Params { vec4s: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<vec4<f16>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    out[i] = vec4f(x[i]);
  }
}
