// gradX[i] = x[i] = largest[j] ? gradOutput[j] / ties[j] : 0: the gradient of the largest of the elements i that share the result j, of
// which ties[j] are equal. x lies over all axes, the results over those of the mask `kept`. One invocation an element of x and turn.

// #include "parts/dtype.wgsl"
// #include "parts/axes.wgsl"
struct Params { count: u32, e0: u32, e1: u32, e2: u32, e3: u32, e4: u32, e5: u32, kept: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> largest: array<Element>;
@group(0) @binding(2) var<storage, read> ties: array<f32>;
@group(0) @binding(3) var<storage, read> gradOutput: array<Element>;
@group(0) @binding(4) var<storage, read_write> gradX: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    let j = placeOf(i, 63u, p.kept);
    let share = f32(gradOutput[j]) / ties[j];
    gradX[i] = Element(select(0.0, share, f32(x[i]) == f32(largest[j])));
  }
}
