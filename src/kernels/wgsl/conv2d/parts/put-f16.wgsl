// How results go to `out`, f16 with `length` a row: number by number. For rows of whole eights put_f16_eights takes the place of this file.
@group(0) @binding(3) var<storage, read_write> out: array<f16>;

fn put(row: u32, column: u32, length: u32, low: vec4f, high: vec4f) {
  for (var i = 0u; i < min(8u, length - min(column, length)); i++) {
    out[row * length + column + i] = f16(select(low[i % 4u], high[i % 4u], i >= 4u));
  }
}
