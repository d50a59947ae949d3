// gradX[n, y, z, c] = bias[c] + Σ gradOutput[n, i, j, c] over all (i, j) with fold(i − top) = y and fold(j − left) = z, plus addend[n, y, z, c].
// Along an axis a pixel was copied to its own place and to at most two mirrored ones, so at most 3 × 3 in all.
// gradX and addend [N,H,W,C], gradOutput [N,P,Q,C], bias [C]; bias and addend may be none; one invocation an element of gradX, or four channels where Value is a vec4.

// #include "parts/dtype.wgsl"
// #include "images/parts/value.wgsl"
// #include "images/parts/mirrors.wgsl"
// `count` and `c` are in values.
struct Params { count: u32, h: i32, w: i32, c: u32, left: i32, right: i32, top: i32, bottom: i32 }
override BIAS: bool;
override ADDEND: bool;
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> gradOutput: array<StoredValue>;
@group(0) @binding(1) var<storage, read> bias: array<Value>;
@group(0) @binding(2) var<storage, read> addend: array<StoredValue>;
@group(0) @binding(3) var<storage, read_write> gradX: array<StoredValue>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let rows = p.top + p.h + p.bottom;
  let columns = p.left + p.w + p.right;
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let pixel = i32(e / p.c);
    let row = pixel / p.w;
    var sum = Value();
    if (BIAS) { sum = bias[e % p.c]; }
    let down = copiesOf(row % p.h, p.h, p.top, p.bottom);
    let across = copiesOf(pixel % p.w, p.w, p.left, p.right);
    for (var a = 0u; a < down; a++) {
      let i = copyOf(row % p.h, p.h, p.top, a);
      for (var b = 0u; b < across; b++) {
        let j = copyOf(pixel % p.w, p.w, p.left, b);
        sum += Value(gradOutput[u32((row / p.h * rows + i) * columns + j) * p.c + e % p.c]);
      }
    }
    if (ADDEND) { sum += Value(addend[e]); }
    gradX[e] = StoredValue(sum);
  }
}
