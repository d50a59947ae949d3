// part[z,n,0,c] = mean, part[z,n,1,c] = sum of squared deviations from it, of the z-th share of the pixels of x [N,HW,C]; C a multiple of 4.
// Lanes are channels, 4 each; instance-norm/apply joins the shares.

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/statistics.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read_write> part: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let begin = tile.z * k.share;
  let share = statisticsOf((tile.y * k.pixels + begin) * c4 + c, c4, min(k.share, k.pixels - begin));
  let at = (tile.z * k.n + tile.y) * 2u * c4 + c;
  part[at] = share.mean;
  part[at + c4] = share.deviations;
}
