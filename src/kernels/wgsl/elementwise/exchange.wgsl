// For each image n of a batch, in order: out[n] = place r of `places`, or the image itself; then the image goes to place s of
// `places`, or nowhere. The variables hold (r, s) for each image; 0xffffffff stands for none. An invocation owns one element of
// all images, so that a place filled by one image of the batch is there for the next.

// #include "parts/dtype.wgsl"
struct Params { choices: u32, batch: u32, length: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> variables: array<u32>;
@group(0) @binding(1) var<storage, read> images: array<Element>;
@group(0) @binding(2) var<storage, read_write> places: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<Element>;

const NOWHERE = 0xffffffffu;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.length; i += grid.x * 64u) {
    for (var n = 0u; n < p.batch; n++) {
      let returned = variables[p.choices + 2u * n];
      let kept = variables[p.choices + 2u * n + 1u];
      let value = images[n * p.length + i];
      var shown = value;
      if (returned != NOWHERE) { shown = places[returned * p.length + i]; }
      out[n * p.length + i] = shown;
      if (kept != NOWHERE) { places[kept * p.length + i] = value; }
    }
  }
}
