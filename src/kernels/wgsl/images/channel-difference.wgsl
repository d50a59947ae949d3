// map[n, h, w] = the mean over c of |a[n, h, w, c] − b[n, h, w, c]|, or without | | if SIGNED; one invocation a pixel.

override SIGNED: u32;

struct Params { pixels: u32, channels: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> map: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.pixels; i += grid.x * 64u) {
    var sum = 0.0;
    for (var c = 0u; c < p.channels; c++) {
      let difference = a[i * p.channels + c] - b[i * p.channels + c];
      sum += select(abs(difference), difference, SIGNED == 1u);
    }
    map[i] = sum / f32(p.channels);
  }
}
