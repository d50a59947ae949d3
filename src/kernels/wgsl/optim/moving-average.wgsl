// average[i] += rate · (x[i] − average[i]), flat over vec4s. The rate is a variable, since it falls from step to step.

struct Params { vec4s: u32, rate: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> average: array<vec4f>;
@group(0) @binding(2) var<storage, read> variables: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let rate = bitcast<f32>(variables[p.rate]);
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    average[i] += rate * (x[i] - average[i]);
  }
}
