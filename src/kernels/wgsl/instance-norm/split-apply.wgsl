// stats and y as in instance-norm/apply, from the shares of instance-norm/split-stats, on the same grid.
//
// Every workgroup joins the shares of its channels anew, always in the same order: a row takes every 32nd share, then the rows are added
// up. With n_s pixels in share s and d_s = mean_s - mean_0, after Chan, Golub and LeVeque (1983): mean = mean_0 + sum of n_s d_s / HW and
// M2 = sum of (M2_s + n_s d_s^2) - HW (mean - mean_0)^2.
//
// Times: see instance-norm/split-stats. The shares' statistics come from the cache, and are at most half as many bytes as the pixels
// that a workgroup reads in f32 with 64 x 64 or 128 x 128 pixels, and an eighth with 256 x 256.

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/split.wgsl"
// #include "instance-norm/parts/apply.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> part: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<Element4>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y: array<Element4>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let walk = walkOf(tile, lane);
  let c4 = k.channels / 4u;
  let guess = part[walk.statistics];
  var sum = vec4f(0);
  var squares = vec4f(0);
  for (var share = walk.row; share * k.share < k.pixels; share += ROWS) {
    let at = share * k.n * 2u * c4 + walk.statistics;
    let pixels = f32(min(k.share, k.pixels - share * k.share));
    let d = part[at] - guess;
    sum += pixels * d;
    squares += part[at + c4] + pixels * d * d;
  }
  let total = overRows(lane, sum, squares);
  let off = total.one / f32(k.pixels);
  let mean = guess + off;
  let rstd = 1 / sqrt((total.two - total.one * off) / f32(k.pixels) + k.eps);
  if (!walk.owns) { return; }
  if (walk.row == 0u && tile.z == 0u) {
    stats[walk.statistics] = mean;
    stats[walk.statistics + c4] = rstd;
  }
  let affine = affineOf(walk.c, rstd);
  for (var pixel = walk.begin; pixel < walk.end; pixel += ROWS * AT_ONCE) {
    var held: array<vec4f, AT_ONCE>;
    var skip: array<vec4f, AT_ONCE>;
    for (var i = 0u; i < AT_ONCE; i++) {
      let at = place(walk, pixel + i * ROWS);
      held[i] = vec4f(x[at]);
      skip[i] = residualOf(at);
    }
    for (var i = 0u; i < AT_ONCE; i++) {
      if (pixel + i * ROWS < walk.end) { store(place(walk, pixel + i * ROWS), held[i] - mean, affine, skip[i]); }
    }
  }
}
