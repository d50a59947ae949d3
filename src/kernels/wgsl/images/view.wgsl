// Parts of byte images, flipped and turned, as floats: out[n, r, q, c] = (2 b − 255) / 255 with b = byte c of image n's pixel
// origin + r · down + q · right. Crops, flips and quarter turns are all a choice of (origin, right, down). Bytes lie four to a word, lowest
// first, in one of several chunks: a launch writes the images of its own chunk. One invocation makes one pixel.

// #include "parts/dtype.wgsl"
struct Params {
  views: u32,    // first of the variables: for each image chunk, first word in it, origin, right, down
  chunk: u32,    // which of the chunks `bytes` is
  images: u32,
  pixels: u32,   // of each view
  width: u32,    // of each view
  channels: u32,
}
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> variables: array<u32>;
@group(0) @binding(1) var<storage, read> bytes: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<Element>;

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
      let index = u32(pixel) * p.channels + c;
      let byte = (bytes[start + index / 4u] >> (8u * (index % 4u))) & 255u;
      out[i * p.channels + c] = Element((2.0 * f32(byte) - 255.0) / 255.0);
    }
  }
}
