// y[n,p,q,c] = Σ x[n, p·sh + r − top, q·sw + s − left, c] over the taps (r, s) inside the image, over the window's divisor.
// One invocation an element of y and turn.

// #include "parts/dtype.wgsl"
// #include "pool/parts/pool.wgsl"
// #include "pool/parts/divisor.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.count; e += grid.x * 64u) {
    let at = spotOf(e, k.p, k.q);
    let row = at.row * k.sh - k.top;
    let column = at.column * k.sw - k.left;
    var sum = 0.0;
    for (var h = max(row, 0); h < min(row + k.kh, k.h); h++) {
      var ofRow = 0.0;
      for (var w = max(column, 0); w < min(column + k.kw, k.w); w++) {
        ofRow += f32(x[placeOf(at.n, h, w, at.c, k.h, k.w)]);
      }
      sum += ofRow;
    }
    y[e] = Element(sum / divisorOf(at.row, at.column));
  }
}
