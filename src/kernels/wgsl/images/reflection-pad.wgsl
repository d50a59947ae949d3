// out[n, i, j, c] = x[n, fold(i − top), fold(j − left), c], fold(t) = |t|, then 2(size − 1) − t past the far edge.
// x [N,H,W,C], out [N,P,Q,C]; one invocation an element of out.

// #include "parts/dtype.wgsl"
// #include "parts/fold.wgsl"

struct Params { count: u32, h: i32, w: i32, c: u32, left: i32, right: i32, top: i32, bottom: i32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let rows = u32(p.top + p.h + p.bottom);
  let columns = u32(p.left + p.w + p.right);
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let pixel = e / p.c;
    let row = pixel / columns;
    let y = u32(fold(i32(row % rows) - p.top, p.h));
    let z = u32(fold(i32(pixel % columns) - p.left, p.w));
    out[e] = x[((row / rows * u32(p.h) + y) * u32(p.w) + z) * p.c + e % p.c];
  }
}
