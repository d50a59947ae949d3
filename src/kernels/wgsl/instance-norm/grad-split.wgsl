// sums and dx as in instance-norm/grad, from the shares of instance-norm/grad-split-sums, on the same grid.
//
// Every workgroup adds the shares of its channels up anew, always in the same order: a row takes every 32nd share, then the rows are added.
//
// On an NVIDIA H200, f16, with the sums: [16,65536,64] 0.21 ms (100 % of the copy rate; instance-norm/grad-workgroup 24 %), [16,16384,128]
// 0.11 (92 %; 33 %), [16,4096,128] 0.04 (62 %; 30 %).

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/split.wgsl"
// #include "instance-norm/parts/grad.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<Element4>;
@group(0) @binding(5) var<storage, read> part: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> sums: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dx: array<Element4>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let walk = walkOf(tile, lane);
  let c4 = k.channels / 4u;
  var own = Sums(vec4f(0), vec4f(0));
  for (var share = walk.row; share * k.share < k.pixels; share += ROWS) {
    let at = share * k.n * 2u * c4 + walk.statistics;
    own.g += part[at];
    own.projected += part[at + c4];
  }
  let pair = overRows(lane, own.g, own.projected);
  let total = Sums(pair.one, pair.two);
  if (!walk.owns) { return; }
  if (walk.row == 0u && tile.z == 0u) {
    sums[walk.statistics] = total.g;
    sums[walk.statistics + c4] = total.projected;
  }
  let plane = planeOf(tile.y, walk.c);
  for (var pixel = walk.begin; pixel < walk.end; pixel += ROWS * AT_ONCE) {
    var held: array<Pixel, AT_ONCE>;
    for (var i = 0u; i < AT_ONCE; i++) { held[i] = pixelOf(place(walk, pixel + i * ROWS), plane); }
    for (var i = 0u; i < AT_ONCE; i++) {
      if (pixel + i * ROWS < walk.end) { dx[place(walk, pixel + i * ROWS)] = Element4(dxOf(held[i], plane, total)); }
    }
  }
}
