// Part of a byte image, flipped and turned, as floats: out[n, r, q, c] = (2 b − 255) / 255 with b = byte c of the image's
// pixel origin + r · down + q · right. Crops, flips and quarter turns are all a choice of (origin, right, down).
// Bytes lie four to a word, lowest first. One invocation makes one pixel.

struct Params {
  pixels: u32,   // of this view
  width: u32,    // of this view
  channels: u32,
  start: u32,    // first word of the image in `bytes`
  origin: i32,
  right: i32,
  down: i32,
  outStart: u32, // first element of the view in `out`
}
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> bytes: array<u32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.pixels; i += grid.x * 64u) {
    let pixel = p.origin + i32(i / p.width) * p.down + i32(i % p.width) * p.right;
    for (var c = 0u; c < p.channels; c++) {
      let index = u32(pixel) * p.channels + c;
      let byte = (bytes[p.start + index / 4u] >> (8u * (index % 4u))) & 255u;
      out[p.outStart + i * p.channels + c] = (2.0 * f32(byte) - 255.0) / 255.0;
    }
  }
}
