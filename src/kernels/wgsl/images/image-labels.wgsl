// labels[n] = how abnormal image n should be called, 0 to 1, of which it was said h = hotness[start + n], a logit, and of whose pixels d =
// defects[n · count] is known: 1 or −1, or about 0 where nobody knows where its defect is.
//
//   1       of an image of which nobody knows where its defect is
//   σ(h)    of any other, so that the cross-entropy has no gradient there: its pixels tell more

// #include "elementwise/parts/sigmoid.wgsl"

struct Params { images: u32, count: u32, start: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> hotness: array<f32>;
@group(0) @binding(1) var<storage, read> defects: array<f32>;
@group(0) @binding(2) var<storage, read_write> labels: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var n = id.x; n < p.images; n += 64u * grid.x) {
    labels[n] = select(sigmoidOf4(vec4f(hotness[p.start + n])).x, 1.0, abs(defects[n * p.count]) < 0.5);
  }
}
