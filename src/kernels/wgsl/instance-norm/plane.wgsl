// stats and y as in instance-norm/apply, in one launch: a lane walks the whole plane of its 4 channels, once for the statistics and once
// to apply them. For planes so small that a launch costs more than what a single core needs for them.
//
// Measured 2026-11-25, llvmpipe Mesa 25.0.7, 2 cores, relu, robustness off, processor time (least of 50 rounds): 16x16x128 0.09 ms,
// 64x64x32 0.21 ms (0.17 and 0.34 in three launches).

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/statistics.wgsl"
// #include "instance-norm/parts/apply.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(2) var<storage, read> beta: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<Element4>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<Element4>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let first = tile.y * k.pixels * c4 + c;
  let plane = statisticsOf(first, c4, k.pixels);
  let rstd = 1 / sqrt(plane.deviations / f32(k.pixels) + k.eps);
  let row = tile.y * 2u * c4 + c;
  stats[row] = plane.mean;
  stats[row + c4] = rstd;
  apply(plane.mean, affineOf(c, rstd), first, c4, k.pixels);
}
