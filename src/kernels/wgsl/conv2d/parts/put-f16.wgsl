// Writes 8 neighbouring results of a row to `out`, which has `length` numbers a row, in f16: one number at a time. Where rows are
// whole eights, conv2d/parts/put-f16-eights.wgsl is included in place of this file and writes all at once.
@group(0) @binding(3) var<storage, read_write> out: array<f16>;

fn put(row: u32, column: u32, length: u32, low: vec4f, high: vec4f) {
  for (var i = 0u; i < min(8u, length - min(column, length)); i++) {
    out[row * length + column + i] = f16(select(low[i % 4u], high[i % 4u], i >= 4u));
  }
}
