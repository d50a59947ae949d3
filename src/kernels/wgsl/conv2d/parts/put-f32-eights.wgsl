@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

fn put(row: u32, column: u32, length: u32, low: vec4f, high: vec4f) {
  if (column >= length) { return; }
  let at = (row * length + column) / 4u;
  var v = low;
  var w = high;
  if (k.accumulate == 1u) {
    v += out[at];
    w += out[at + 1u];
  }
  out[at] = v;
  out[at + 1u] = w;
}
