// How results go to `out`, f32 with `length` a row, or are added to it: number by number. For rows of whole eights put_f32_eights takes the
// place of this file.
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

fn put(row: u32, column: u32, length: u32, low: vec4f, high: vec4f) {
  for (var i = 0u; i < min(8u, length - min(column, length)); i++) {
    let at = row * length + column + i;
    var v = select(low[i % 4u], high[i % 4u], i >= 4u);
    if (k.accumulate == 1u) { v += out[at]; }
    out[at] = v;
  }
}
