@group(0) @binding(3) var<storage, read_write> out: array<Chunk>;

fn put(row: u32, column: u32, length: u32, low: vec4f, high: vec4f) {
  if (column < length) { out[(row * length + column) / 8u] = pack(low, high); }
}
