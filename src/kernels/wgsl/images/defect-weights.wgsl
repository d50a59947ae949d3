// weights[n,i] = how much pixel i of image n counts, where d = defects[n,i] is known of it, 1 inside of a defect, −1 outside, about 0 where
// nobody knows: inside of a defect √(SHARE · pixels / area), at least 1, with area the pixels of the image that are inside; elsewhere 1.
// A workgroup has an image.

override SHARE: f32;

struct Params { pixels: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> defects: array<f32>;
@group(0) @binding(1) var<storage, read_write> weights: array<f32>;

const LANES = 64u;
var<workgroup> areas: array<u32, LANES>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = tile.x * p.pixels;
  var own = 0u;
  for (var i = lane; i < p.pixels; i += LANES) { own += select(0u, 1u, defects[first + i] > 0.5); }
  areas[lane] = own;
  workgroupBarrier();
  var area = 0u;
  for (var other = 0u; other < LANES; other++) { area += areas[other]; }
  let inside = max(1.0, sqrt(SHARE * f32(p.pixels) / f32(max(area, 1u))));
  for (var i = lane; i < p.pixels; i += LANES) { weights[first + i] = select(1.0, inside, defects[first + i] > 0.5); }
}
