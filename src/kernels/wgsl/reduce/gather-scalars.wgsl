// out[row + column j] = the j-th of up to four scalars, with the row's first element a variable: how the losses of a step are
// written to a log.

struct Params { row: u32, count: u32, columns: vec4u }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> variables: array<u32>;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read> c: array<f32>;
@group(0) @binding(4) var<storage, read> d: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(1)
fn main() {
  let row = variables[p.row];
  out[row + p.columns.x] = a[0];
  if (p.count > 1u) { out[row + p.columns.y] = b[0]; }
  if (p.count > 2u) { out[row + p.columns.z] = c[0]; }
  if (p.count > 3u) { out[row + p.columns.w] = d[0]; }
}
