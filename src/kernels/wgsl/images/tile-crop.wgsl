// out[slot, h, w, c] = x[top + h, left + w, c]: one tile of an image, into its place in a batch.
// x [·, width, channels], out [·, tileHeight, tileWidth, channels]; one invocation an element of the tile.

struct Params { count: u32, width: u32, channels: u32, tileWidth: u32, top: u32, left: u32, outStart: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let row = p.tileWidth * p.channels;
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    out[p.outStart + i] = x[((p.top + i / row) * p.width + p.left) * p.channels + i % row];
  }
}
