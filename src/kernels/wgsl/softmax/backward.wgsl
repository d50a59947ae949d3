// gradX[o,a,i] = y[o,a,i] · (gradOutput[o,a,i] − products[o,i]), with products the sum of gradOutput · y over the middle axis of
// [outer, size, inner]. One invocation an element and turn.

// #include "parts/dtype.wgsl"
struct Params { count: u32, size: u32, inner: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> y: array<Element>;
@group(0) @binding(1) var<storage, read> gradOutput: array<Element>;
@group(0) @binding(2) var<storage, read> products: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradX: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let j = e / (p.size * p.inner) * p.inner + e % p.inner;
    gradX[e] = Element(f32(y[e]) * (f32(gradOutput[e]) - products[j]));
  }
}
