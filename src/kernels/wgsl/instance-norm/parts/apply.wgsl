// y from x and its statistics, for an invocation's 4 channels; needs x, residual and y: array<Element4>, gamma and beta: array<vec4f>.

// #include "parts/activate.wgsl"
override AFFINE: bool;
override RESIDUAL: bool;

struct Affine { factor: vec4f, offset: vec4f }

// What turns x - mean into gamma * (x - mean) * rstd + beta.
fn affineOf(c: u32, rstd: vec4f) -> Affine {
  if (AFFINE) { return Affine(gamma[c] * rstd, beta[c]); }
  return Affine(rstd, vec4f(0));
}

fn residualOf(at: u32) -> vec4f {
  if (RESIDUAL) { return vec4f(residual[at]); }
  return vec4f(0);
}

fn store(at: u32, centred: vec4f, affine: Affine, skip: vec4f) {
  var v = activate4(centred * affine.factor + affine.offset);
  if (RESIDUAL) { v += skip; }
  y[at] = Element4(v);
}

// y of `count` pixels that begin at `first` and lie `step` apart.
fn apply(mean: vec4f, affine: Affine, first: u32, step: u32, count: u32) {
  for (var i = 0u; i < count; i++) {
    let at = first + i * step;
    store(at, vec4f(x[at]) - mean, affine, residualOf(at));
  }
}
