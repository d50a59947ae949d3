// part[z,n,0,c] = sum of g, part[z,n,1,c] = sum of g * xhat, over the z-th share of the pixels of x [N,HW,C]; C a multiple of 4, where
// xhat = (x - mean) * rstd and g = dy * activation'(gamma * xhat + beta). sum_parts adds the shares up.

// #include "parts/norm.wgsl"
// #include "parts/slope.wgsl"
override AFFINE: bool;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> part: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let mean = stats[tile.y * 2u * c4 + c];
  let rstd = stats[(tile.y * 2u + 1u) * c4 + c];
  var weight = vec4f(1);
  var offset = vec4f(0);
  if (AFFINE) {
    weight = gamma[c];
    offset = beta[c];
  }
  var sum = vec4f(0);
  var projected = vec4f(0);
  let image = tile.y * k.pixels;
  for (var i = image + k.pixels * tile.z / k.splits; i < image + k.pixels * (tile.z + 1u) / k.splits; i++) {
    let xhat = (x[i * c4 + c] - mean) * rstd;
    let g = dy[i * c4 + c] * slope4(weight * xhat + offset);
    sum += g;
    projected += g * xhat;
  }
  let at = (tile.z * k.n + tile.y) * 2u * c4 + c;
  part[at] = sum;
  part[at + c4] = projected;
}
