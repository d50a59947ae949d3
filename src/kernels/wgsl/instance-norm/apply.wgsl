// stats[n,0,c] = mean, stats[n,1,c] = rstd = 1 / sqrt(biased variance + eps), and y = activation(gamma[c] * (x - mean) * rstd + beta[c])
// + residual, over x [N,HW,C]; C a multiple of 4. gamma and beta count only when AFFINE, the residual only when RESIDUAL.
//
// Every workgroup joins the shares of instance-norm/stats for its channels anew, always in the same order, by the update of Chan, Golub
// and LeVeque (1983): M2 = M2a + M2b + delta^2 * na * nb / (na + nb). That costs less than a launch for it.
//
// Measured 2026-11-25, llvmpipe Mesa 25.0.7, 2 cores, relu, robustness off, processor time (least of 50 rounds): with the launch of
// instance-norm/stats 128x128x64 1.74 ms (2.20 with a third launch that joins the shares); a copy of x takes 0.53 of it.

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/apply.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> part: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> residual: array<Element4>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> y: array<Element4>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let row = tile.y * 2u * c4 + c;
  var mean = vec4f(0);
  var deviations = vec4f(0);
  for (var before = 0u; before < k.pixels; before += k.share) {
    let after = min(before + k.share, k.pixels);
    let weight = f32(after - before) / f32(after);
    let at = (before / k.share) * k.n * 2u * c4 + row;
    let delta = part[at] - mean;
    mean += delta * weight;
    deviations += part[at + c4] + delta * delta * (f32(before) * weight);
  }
  let rstd = 1 / sqrt(deviations / f32(k.pixels) + k.eps);
  if (tile.z == 0u) {
    stats[row] = mean;
    stats[row + c4] = rstd;
  }
  let begin = tile.z * k.share;
  let first = (tile.y * k.pixels + begin) * c4 + c;
  apply(mean, affineOf(c, rstd), first, c4, min(k.share, k.pixels - begin));
}
