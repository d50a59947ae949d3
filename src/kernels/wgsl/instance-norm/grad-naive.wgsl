// sums[n,0,c] = sum of g, sums[n,1,c] = sum of g * xhat, and dx = gamma * rstd * (g - sums[n,0,c] / HW - xhat * sums[n,1,c] / HW), where
// xhat = (x - mean) * rstd and g = dy * activation'(gamma * xhat + beta). The obvious form, any C: one invocation a plane of x [N,HW,C].

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/slope.wgsl"
override AFFINE: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> stats: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> beta: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<Element>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<Element>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  let n = id.y;
  if (c >= k.channels) { return; }
  let first = n * k.pixels * k.channels + c;
  let mean = stats[n * 2u * k.channels + c];
  let rstd = stats[(n * 2u + 1u) * k.channels + c];
  var weight = 1.0;
  var offset = 0.0;
  if (AFFINE) {
    weight = gamma[c];
    offset = beta[c];
  }
  var sum = 0.0;
  var projected = 0.0;
  for (var i = 0u; i < k.pixels; i++) {
    let at = first + i * k.channels;
    let xhat = (f32(x[at]) - mean) * rstd;
    let g = f32(dy[at]) * slope(weight * xhat + offset);
    sum += g;
    projected += g * xhat;
  }
  sums[n * 2u * k.channels + c] = sum;
  sums[(n * 2u + 1u) * k.channels + c] = projected;
  for (var i = 0u; i < k.pixels; i++) {
    let at = first + i * k.channels;
    let xhat = (f32(x[at]) - mean) * rstd;
    let g = f32(dy[at]) * slope(weight * xhat + offset);
    dx[at] = Element(weight * rstd * (g - sum / f32(k.pixels) - xhat * projected / f32(k.pixels)));
  }
}
