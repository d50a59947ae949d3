// y[n,p,q,c] = the mean of x[n,h,w,c] over the rows h of window p and the columns w of window q; see pool/parts/adaptive.wgsl.
// One invocation an element of y and turn.

// #include "parts/dtype.wgsl"
// #include "pool/parts/adaptive.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.count; e += grid.x * 64u) {
    let q = e / k.c % k.q;
    let p = e / (k.c * k.q) % k.p;
    let n = e / (k.c * k.q * k.p);
    let top = beginOf(p, k.h, k.p);
    let bottom = endOf(p, k.h, k.p);
    let left = beginOf(q, k.w, k.q);
    let right = endOf(q, k.w, k.q);
    var sum = 0.0;
    for (var h = top; h < bottom; h++) {
      var ofRow = 0.0;
      for (var w = left; w < right; w++) { ofRow += f32(x[((n * k.h + h) * k.w + w) * k.c + e % k.c]); }
      sum += ofRow;
    }
    y[e] = Element(sum / f32((bottom - top) * (right - left)));
  }
}
