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
};
