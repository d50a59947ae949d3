// image[top + h, left + w, c] += weights[h] · weights[tileHeight + w] · tile[h, w, c].
// image [·, width, channels], tile [tileHeight, tileWidth, channels], weights [tileHeight + tileWidth]; one invocation an element of the tile.

struct Params { count: u32, width: u32, channels: u32, tileHeight: u32, tileWidth: u32, top: u32, left: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> tile: array<f32>;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> image: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let row = p.tileWidth * p.channels;
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    let h = i / row;
    let weight = weights[h] * weights[p.tileHeight + i % row / p.channels];
    image[((p.top + h) * p.width + p.left) * p.channels + i % row] += weight * tile[i];
  }
}
