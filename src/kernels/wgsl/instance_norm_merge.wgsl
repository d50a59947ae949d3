// stats[n,0,c] = mean, stats[n,1,c] = 1 / sqrt(biased variance + eps), from the shares of instance_norm_stats, joined in order by
// the update of Chan, Golub and LeVeque (1983): M2 = M2a + M2b + delta^2 * na * nb / (na + nb).

// #include "parts/norm.wgsl"
@group(0) @binding(0) var<storage, read> part: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> stats: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  var mean = vec4f(0);
  var deviations = vec4f(0);
  for (var z = 0u; z < k.splits; z++) {
    let before = k.pixels * z / k.splits;
    let after = k.pixels * (z + 1u) / k.splits;
    let share = f32(after - before) / f32(after);
    let at = (z * k.n + tile.y) * 2u * c4 + c;
    let delta = part[at] - mean;
    mean += delta * share;
    deviations += part[at + c4] + delta * delta * (f32(before) * share);
  }
  let at = tile.y * 2u * c4 + c;
  stats[at] = mean;
  stats[at + c4] = 1 / sqrt(deviations / f32(k.pixels) + k.eps);
}
