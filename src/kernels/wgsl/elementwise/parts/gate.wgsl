// x · gate(x). KIND, as in src/kernels/gate.ts:
//   1 gelu: Φ(x), the normal distribution    2 its tanh form: σ(2u), u = √(2/π) · (x + 0.044715 x³)    3 silu: σ(x) = 1 / (1 + e^−x)

// #include "elementwise/parts/sigmoid.wgsl"
override KIND: u32;

const ROOT = 0.7978845608028654; // √(2/π)

// Φ(x) = erfc(−x / √2) / 2 by the Chebyshev fit of erfc in Press et al., Numerical Recipes, §6.2, whose relative error is below 1.2e-7.
fn normal4(x: vec4f) -> vec4f {
  let z = abs(x) * 0.7071067811865476;
  let t = 1 / (1 + 0.5 * z);
  let upper = t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 +
    t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))));
  let tail = 0.5 * t * exp(-z * z - 1.26551223 + t * (1.00002368 + upper));
  return select(1 - tail, tail, x < vec4f());
}

fn gateOf(x: vec4f) -> vec4f {
  switch KIND {
    case 1u: { return normal4(x); }
    case 2u: { return sigmoidOf4(2 * ROOT * (x + 0.044715 * x * x * x)); }
    default: { return sigmoidOf4(x); }
  }
}

// gate(x) + x · gate′(x).
fn slopeOf(v: vec4f) -> vec4f {
  let gate = gateOf(v);
  // Far out gate′ is 0, but its factors may be infinite.
  let x = clamp(v, vec4f(-100), vec4f(100));
  switch KIND {
    case 1u: { return gate + x * (0.5 * ROOT) * exp(-0.5 * x * x); }
    case 2u: { return gate + x * gate * (1 - gate) * 2 * ROOT * (1 + 3 * 0.044715 * x * x); }
    default: { return gate + x * gate * (1 - gate); }
  }
}
