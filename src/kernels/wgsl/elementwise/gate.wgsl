// out[i] = x[i] · gate(x[i]), flat over vec4s; KIND and gate as in elementwise/parts/gate.wgsl.

// #include "parts/dtype.wgsl"
// #include "elementwise/parts/gate.wgsl"
struct Params { vec4s: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read_write> out: array<Element4>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    let v = vec4f(x[i]);
    out[i] = Element4(v * gateOf(v));
  }
}
