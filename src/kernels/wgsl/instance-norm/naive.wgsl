// stats[n,0,c] = mean, stats[n,1,c] = rstd = 1 / sqrt(biased variance + eps) over the pixels of x [N,HW,C], and
// y = activation(gamma[c] * (x - mean) * rstd + beta[c]) + residual. The obvious form, any C: one invocation a plane, three passes.

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "parts/activate.wgsl"
override AFFINE: bool;
override RESIDUAL: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<Element>;
@group(0) @binding(4) var<storage, read_write> stats: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<Element>;

// Pixels summed up before they join the total, so that rounding does not grow with their number: a ReLU may hang on it.
const BLOCK = 16u;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  let n = id.y;
  if (c >= k.channels) { return; }
  let first = n * k.pixels * k.channels + c;
  let shift = f32(x[first]);
  var sum = 0.0;
  for (var block = 0u; block < k.pixels; block += BLOCK) {
    var part = 0.0;
    for (var i = block; i < min(block + BLOCK, k.pixels); i++) { part += f32(x[first + i * k.channels]) - shift; }
    sum += part;
  }
  let mean = shift + sum / f32(k.pixels);
  var squares = 0.0;
  for (var block = 0u; block < k.pixels; block += BLOCK) {
    var part = 0.0;
    for (var i = block; i < min(block + BLOCK, k.pixels); i++) {
      let d = f32(x[first + i * k.channels]) - mean;
      part += d * d;
    }
    squares += part;
  }
  let rstd = 1 / sqrt(squares / f32(k.pixels) + k.eps);
  stats[n * 2u * k.channels + c] = mean;
  stats[(n * 2u + 1u) * k.channels + c] = rstd;
  for (var i = 0u; i < k.pixels; i++) {
    let at = first + i * k.channels;
    var v = (f32(x[at]) - mean) * rstd;
    if (AFFINE) { v = gamma[c] * v + beta[c]; }
    v = activate(v);
    if (RESIDUAL) { v += f32(residual[at]); }
    y[at] = Element(v);
  }
}
