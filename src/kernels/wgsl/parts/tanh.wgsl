// Devices may compute the builtin as a quotient of overflowing exponentials (NaN at 100) and lose small arguments, so:
// the Taylor series to x⁹ where it is exact to 1e-8, else (1 − e) / (1 + e) with e = e^(−2|x|) ≤ 1.
fn tanhOf(v: f32) -> f32 {
  let s = v * v;
  let near = v * (1 + s * (-1.0 / 3 + s * (2.0 / 15 + s * (-17.0 / 315 + s * (62.0 / 2835)))));
  let e = exp(-2 * abs(v));
  return select(sign(v) * (1 - e) / (1 + e), near, abs(v) < 0.25);
}

fn tanhOf4(v: vec4f) -> vec4f {
  let s = v * v;
  let near = v * (1 + s * (-1.0 / 3 + s * (2.0 / 15 + s * (-17.0 / 315 + s * (62.0 / 2835)))));
  let e = exp(-2 * abs(v));
  return select(sign(v) * (1 - e) / (1 + e), near, abs(v) < vec4f(0.25));
}
