// out[outStart + i] = x[start + i] for i < count. Scalar, because a slice may begin anywhere.

// #include "parts/dtype.wgsl"
struct Params { count: u32, start: u32, outStart: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    out[p.outStart + i] = x[p.start + i];
  }
}
