// The operands of a forward product on matrix hardware, and what becomes of its results.

// #include "parts/activate.wgsl"
// #include "conv2d/parts/bias.wgsl"
// #include "conv2d/parts/matrix-put.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
// x and weight once more, as chunks.
@group(0) @binding(4) var<storage, read> x8: array<Chunk>;
@group(0) @binding(5) var<storage, read> weight8: array<Chunk>;
// How large they are, if they are split; else something stands in, unread.
@group(0) @binding(6) var<storage, read> largest: array<u32>;

// Finishes eight neighbouring results of a row of y, from column o on.
fn finish(row: u32, o: u32, low: vec4f, high: vec4f) {
  var v = low;
  var w = high;
  if (BIAS) {
    v += biasOf(o, k.o);
    w += biasOf(o + 4u, k.o);
  }
  put(row, o, k.o, activate4(v), activate4(w));
}
