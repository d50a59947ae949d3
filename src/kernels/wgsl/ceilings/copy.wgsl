// out = x, vec4 by vec4, neighbouring invocations beside each other: how fast memory is when nothing is computed. Buffers far larger
// than any cache, flat, one vec4 an invocation and turn.

struct Params { vec4s: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) { out[i] = x[i]; }
}
