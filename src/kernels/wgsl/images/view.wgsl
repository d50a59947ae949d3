// Parts of images, flipped and turned: out[n, r, q, c] = (2 v − 255) / 255 with v = level c of image n's pixel
// origin + r · down + q · right. Crops, flips and quarter turns are all a choice of (origin, right, down). Levels lie in one of several
// chunks, of bytes or of floats: a launch writes the images of its own chunk. One invocation makes one pixel.

// #include "parts/dtype.wgsl"
struct Params {
  views: u32,    // first of the variables: for each image chunk, first word in it, origin, right, down
  chunk: u32,    // which of the chunks `stored` is
  images: u32,
  pixels: u32,   // of each view
  width: u32,    // of each view
  channels: u32,
}
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> variables: array<u32>;
@group(0) @binding(1) var<storage, read> stored: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<Element>;
// #include "images/parts/level.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.images * p.pixels; i += grid.x * 64u) {
    let view = p.views + 5u * (i / p.pixels);
    if (variables[view] != p.chunk) { continue; }
    let start = variables[view + 1u];
    let origin = i32(variables[view + 2u]);
    let right = i32(variables[view + 3u]);
    let down = i32(variables[view + 4u]);
    let place = i % p.pixels;
    let pixel = origin + i32(place / p.width) * down + i32(place % p.width) * right;
    for (var c = 0u; c < p.channels; c++) {
      let level = levelAt(start, u32(pixel) * p.channels + c);
      out[i * p.channels + c] = Element((2.0 * level - 255.0) / 255.0);
    }
  }
}
