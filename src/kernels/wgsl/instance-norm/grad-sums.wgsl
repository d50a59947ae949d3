// part[z,n,0,c] = sum of g, part[z,n,1,c] = sum of g * xhat, over the z-th share of the pixels of x [N,HW,C]; C a multiple of 4, where
// xhat = (x - mean) * rstd and g = dy * activation'(gamma * xhat + beta). instance-norm/grad adds the shares up.

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/grad-sums.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<Element4>;
@group(0) @binding(5) var<storage, read_write> part: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let begin = tile.z * k.share;
  let first = (tile.y * k.pixels + begin) * c4 + c;
  let sums = sumsOf(planeOf(tile.y, c), first, c4, min(k.share, k.pixels - begin));
  let at = (tile.z * k.n + tile.y) * 2u * c4 + c;
  part[at] = sums.g;
  part[at + c4] = sums.projected;
}
