// sums and dx as in instance-norm/grad, in one launch: a lane walks the whole plane of its 4 channels, once for the sums and once to apply
// them. For planes so small that a launch costs more than what a single core needs for them.
//
// Measured 2026-11-25, llvmpipe Mesa 25.0.7, 2 cores, relu, robustness off, processor time (least of 50 rounds): 16x16x128 0.13 ms,
// 64x64x32 0.33 ms (0.20 and 0.48 in three launches).

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/grad-sums.wgsl"
// #include "instance-norm/parts/dx.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<Element4>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dx: array<Element4>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let plane = planeOf(tile.y, c);
  let first = tile.y * k.pixels * c4 + c;
  let total = sumsOf(plane, first, c4, k.pixels);
  let row = tile.y * 2u * c4 + c;
  sums[row] = total.g;
  sums[row + c4] = total.projected;
  differentiate(plane, total, first, c4, k.pixels);
}
