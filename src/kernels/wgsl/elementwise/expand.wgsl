// out[i] = factor · x[…]: x lies over the axes of the mask ofX, out over all; along the others all have one value of x.
// One invocation an element of out and turn.

// #include "parts/dtype.wgsl"
// #include "parts/axes.wgsl"
struct Params { count: u32, factor: f32, e0: u32, e1: u32, e2: u32, e3: u32, e4: u32, e5: u32, ofX: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    out[i] = Element(p.factor * f32(x[placeOf(i, 63u, p.ofX)]));
  }
}
