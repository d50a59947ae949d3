// out[o, i, k] = Σ_d x[o, fold(i + d), k] / (2 · radius + 1), −radius ≤ d ≤ radius. fold mirrors at the borders without repeating the edge.
// x, out [outer, extent, inner]; one invocation an element.

// #include "parts/fold.wgsl"

struct Params { count: u32, extent: i32, inner: u32, radius: i32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let i = i32(e / p.inner) % p.extent;
    var sum = 0.0;
    for (var d = -p.radius; d <= p.radius; d++) {
      sum += x[i32(e) + (fold(i + d, p.extent) - i) * i32(p.inner)];
    }
    out[e] = sum / f32(2 * p.radius + 1);
  }
}
