// dx = gamma * rstd * (g - sums[n,0,c] / HW - xhat * sums[n,1,c] / HW), with g, xhat and the sums of instance_norm_grad_sums.
// x, dy, dx [N,HW,C]; C a multiple of 4.

// #include "parts/norm.wgsl"
// #include "parts/slope.wgsl"
override AFFINE: bool;
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read> sums: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let row = tile.y * 2u * c4 + c;
  let mean = stats[row];
  let rstd = stats[row + c4];
  let average = sums[row] / f32(k.pixels);
  let projected = sums[row + c4] / f32(k.pixels);
  var weight = vec4f(1);
  var offset = vec4f(0);
  if (AFFINE) {
    weight = gamma[c];
    offset = beta[c];
  }
  let image = tile.y * k.pixels;
  for (var i = image + k.pixels * tile.z / k.splits; i < image + k.pixels * (tile.z + 1u) / k.splits; i++) {
    let xhat = (x[i * c4 + c] - mean) * rstd;
    let g = dy[i * c4 + c] * slope4(weight * xhat + offset);
    dx[i * c4 + c] = weight * rstd * (g - average - xhat * projected);
  }
}
