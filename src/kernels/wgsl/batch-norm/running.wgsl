// mean[c] and variance[c] move by `momentum` towards those of a batch, its variance by the unbiased estimate: stats[c] is its mean, stats[C + c]
// is 1 / sqrt(biased variance + eps), and `correction` is count / (count − 1). One invocation a channel and turn.

struct Params { channels: u32, eps: f32, momentum: f32, correction: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> stats: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> variance: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var c = id.x; c < p.channels; c += grid.x * 64u) {
    let rstd = stats[p.channels + c];
    // A rounding below 0 where all values are equal.
    let biased = max(1 / (rstd * rstd) - p.eps, 0.0);
    mean[c] = (1 - p.momentum) * mean[c] + p.momentum * stats[c];
    variance[c] = (1 - p.momentum) * variance[c] + p.momentum * p.correction * biased;
  }
}
