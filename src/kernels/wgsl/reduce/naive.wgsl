// out[0] = factor · Σ term(a[i], b[i]). The obvious form: one invocation adds everything up, 256 terms at a time so that
// rounding does not grow with their number. b, KIND and term as in reduce/whole.wgsl.

// #include "parts/dtype.wgsl"
override KIND: u32;

struct Params { count: u32, factor: f32, constants: u32, first: f32, second: f32, half: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element>;
@group(0) @binding(1) var<storage, read> b: array<Element>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

// As in reduce/whole.wgsl: the builtin log is not exact enough near 1.
fn log1p(e: f32) -> f32 {
  let z = e / (2 + e);
  let s = z * z;
  return 2 * z * (1 + s * (1.0 / 3 + s * (1.0 / 5 + s * (1.0 / 7 + s * (1.0 / 9 + s * (1.0 / 11 + s * (1.0 / 13)))))));
}

// As in reduce/whole.wgsl.
fn crossEntropy(x: f32, y: f32) -> f32 {
  let finite = max(x, 0.0) - x * y + log1p(exp(-abs(x)));
  let wrong = select(y, 1 - y, x > 0);
  let infinite = select(abs(x) * wrong, 0.0, wrong == 0);
  return select(finite, infinite, (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u);
}

fn term(i: u32) -> f32 {
  let x = f32(a[i]);
  if (KIND == 0u) { return x; }
  var y = select(p.second, p.first, i < p.half);
  if (p.constants == 0u) { y = f32(b[i]); }
  switch KIND {
    case 1u: { return abs(x - y); }
    case 2u: { return (x - y) * (x - y); }
    default: { return crossEntropy(x, y); }
  }
}

@compute @workgroup_size(1)
fn main() {
  var total = 0.0;
  for (var first = 0u; first < p.count; first += 256u) {
    var sum = 0.0;
    for (var i = first; i < min(first + 256u, p.count); i++) { sum += term(i); }
    total += sum;
  }
  out[0] = total * p.factor;
}
