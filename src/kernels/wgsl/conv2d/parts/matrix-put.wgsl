// Writes 8 neighbouring results of a row to `out`, which has `length` numbers a row, as elements of the operands: one number at a time.
// Where rows are whole eights, conv2d/parts/matrix-put-eights.wgsl is included in place of this file and writes all at once.
@group(0) @binding(3) var<storage, read_write> out: array<Element>;

fn put(row: u32, column: u32, length: u32, low: vec4f, high: vec4f) {
  for (var i = 0u; i < min(8u, length - min(column, length)); i++) {
    out[row * length + column + i] = Element(select(low[i % 4u], high[i % 4u], i >= 4u));
  }
}
