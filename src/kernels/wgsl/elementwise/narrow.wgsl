// out[i] = x[i], from f32 to f16, flat over vec4s. What f16 cannot hold becomes infinite, so that an overflow stays visible.

enable f16;

struct Params { vec4s: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<f16>>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    out[i] = vec4<f16>(x[i]);
  }
}
