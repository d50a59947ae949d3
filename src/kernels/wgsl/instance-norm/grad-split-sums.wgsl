// part as in instance-norm/grad-sums, for GPUs: a workgroup has 32 channels of a share of the pixels (instance-norm/parts/split.wgsl).
// instance-norm/grad-split adds the shares up.
//
// Times: see instance-norm/grad-split.

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/split.wgsl"
// #include "instance-norm/parts/grad.wgsl"
// #include "instance-norm/parts/grad-split-sums.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<Element4>;
@group(0) @binding(5) var<storage, read_write> part: array<vec4f>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let walk = walkOf(tile, lane);
  let plane = planeOf(tile.y, walk.c);
  var own = Sums(vec4f(0), vec4f(0));
  for (var pixel = walk.begin; pixel < walk.end; pixel += ROWS * AT_ONCE) {
    var held: array<Pixel, AT_ONCE>;
    for (var i = 0u; i < AT_ONCE; i++) { held[i] = pixelOf(place(walk, pixel + i * ROWS), plane); }
    var turn = Sums(vec4f(0), vec4f(0));
    for (var i = 0u; i < AT_ONCE; i++) { take(&turn, held[i], pixel + i * ROWS < walk.end); }
    own.g += turn.g;
    own.projected += turn.projected;
  }
  leave(walk, lane, own);
}
