// sums[n,0,c] = sum of g, sums[n,1,c] = sum of g * xhat, and dx = gamma * rstd * (g - sums[n,0,c] / HW - xhat * sums[n,1,c] / HW), with g
// and xhat as in instance-norm/grad-sums, over x, dy, dx [N,HW,C]; C a multiple of 4.
//
// Every workgroup adds the shares of instance-norm/grad-sums up for its channels anew, always in the same order. That costs less than a
// launch for it.
//
// Measured 2026-11-25, llvmpipe Mesa 25.0.7, 2 cores, relu, robustness off, processor time (least of 50 rounds): with the launch of
// instance-norm/grad-sums 128x128x64 2.62 ms (3.30 with a third launch that adds the shares up).

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/dx.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<Element4>;
@group(0) @binding(5) var<storage, read> part: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dx: array<Element4>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let row = tile.y * 2u * c4 + c;
  var total = Sums(vec4f(0), vec4f(0));
  for (var z = 0u; z * k.share < k.pixels; z++) {
    let at = z * k.n * 2u * c4 + row;
    total.g += part[at];
    total.projected += part[at + c4];
  }
  if (tile.z == 0u) {
    sums[row] = total.g;
    sums[row + c4] = total.projected;
  }
  let begin = tile.z * k.share;
  let first = (tile.y * k.pixels + begin) * c4 + c;
  differentiate(planeOf(tile.y, c), total, first, c4, min(k.share, k.pixels - begin));
}
