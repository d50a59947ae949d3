// y[o,a,i] = e^(x[o,a,i] − largest[o,i]) / sums[o,i]: a softmax over the middle axis of x [outer, size, inner], from the largest element and
// the sum of these powers. One invocation an element and turn.

// #include "parts/dtype.wgsl"
struct Params { count: u32, size: u32, inner: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> largest: array<Element>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let j = e / (p.size * p.inner) * p.inner + e % p.inner;
    y[e] = Element(exp(f32(x[e]) - f32(largest[j])) / sums[j]);
  }
}
