// labels[i] = what a discriminator of normal images should say of a pixel, 1 of a normal one and 0 of a defect, when it said
// logits[start + i] and d = defects[i] is known of it: 1 inside of a defect, −1 outside, about 0 where nobody knows.
//
//   ½ − ½ d     where that is known
//   σ(logit)    elsewhere, so that the cross-entropy has no gradient there

// #include "elementwise/parts/sigmoid.wgsl"

struct Params { count: u32, start: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> defects: array<f32>;
@group(0) @binding(2) var<storage, read_write> labels: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += 64u * grid.x) {
    let defect = defects[i];
    labels[i] = select(0.5 - 0.5 * defect, sigmoidOf4(vec4f(logits[p.start + i])).x, abs(defect) < 0.5);
  }
}
