// 1 / (1 + e^−x), without an overflow for large |x|.
fn sigmoidOf4(v: vec4f) -> vec4f {
  let e = exp(-abs(v));
  return select(vec4f(1), e, v < vec4f()) / (1 + e);
}
