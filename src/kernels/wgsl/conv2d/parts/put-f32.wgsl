// Writes 8 neighbouring results of a row to `out`, which has `length` numbers a row, in f32, or adds them to it: one number at a
// time. Where rows are whole eights, conv2d/parts/put-f32-eights.wgsl is included in place of this file and writes four at once.
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn put(row: u32, column: u32, length: u32, low: vec4f, high: vec4f) {
  for (var i = 0u; i < min(8u, length - min(column, length)); i++) {
    let at = row * length + column + i;
    var v = select(low[i % 4u], high[i % 4u], i >= 4u);
    if (k.accumulate == 1u) { v += out[at]; }
    out[at] = v;
  }
}
