/** Each activation and its derivative, as functions of the input. */
export const activations = {
  relu: {
    value: (x: number) => Math.max(x, 0),
    derivative: (x: number) => (x > 0 ? 1 : 0),
  },
  leakyRelu: {
    value: (x: number, slope: number) => (x > 0 ? x : slope * x),
    derivative: (x: number, slope: number) => (x > 0 ? 1 : slope),
  },
  tanh: {
    value: (x: number) => Math.tanh(x),
    derivative: (x: number) => 1 / Math.cosh(x) ** 2,
  },
  sigmoid: {
    value: (x: number) => 1 / (1 + Math.exp(-x)),
    derivative: (x: number) => 1 / (2 + Math.exp(x) + Math.exp(-x)),
  },
  gelu: {
    value: (x: number) => x * normal(x),
    derivative: (x: number) => normal(x) + x * density(x),
  },
  geluTanh: {
    value: (x: number) => 0.5 * x * (1 + Math.tanh(inner(x))),
    derivative: (x: number) =>
      0.5 * (1 + Math.tanh(inner(x))) +
      (0.5 * x * Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2)) / Math.cosh(inner(x)) ** 2,
  },
  silu: {
    value: (x: number) => x / (1 + Math.exp(-x)),
    derivative: (x: number) => 1 / (1 + Math.exp(-x)) + x / (2 + Math.exp(x) + Math.exp(-x)),
  },
};

const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

const inner = (x: number) => Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3);

/** The normal distribution, as ½ + φ(x) · (x + x³/3 + x⁵/15 + …), of one sign throughout; beyond 10 it is 0 or 1 to all digits. */
function normal(x: number): number {
  if (Math.abs(x) > 10) return x < 0 ? 0 : 1;
  let term = x;
  let sum = 0;
  for (let n = 1; Math.abs(term) > 1e-20 * Math.abs(sum); n += 2) {
    sum += term;
    term *= x ** 2 / (n + 2);
  }
  return 0.5 + density(x) * sum;
}
