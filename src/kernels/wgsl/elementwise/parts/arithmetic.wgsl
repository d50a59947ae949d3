// KIND, as in src/kernels/arithmetic.ts: 0 a + b, 1 a − b, 2 a · b, 3 a / b.
override KIND: u32;

fn combine(a: vec4f, b: vec4f) -> vec4f {
  switch KIND {
    case 0u: { return a + b; }
    case 1u: { return a - b; }
    case 2u: { return a * b; }
    default: { return a / b; }
  }
}
