// gradX[n,h,w,c] = Σ gradOutput[n,p,q,c] / the divisor of the window (p, q), over the windows that have the pixel (h, w).
// One invocation an element of gradX and turn.

// #include "parts/dtype.wgsl"
// #include "pool/parts/pool.wgsl"
// #include "pool/parts/divisor.wgsl"
@group(0) @binding(0) var<storage, read> gradOutput: array<Element>;
@group(0) @binding(1) var<storage, read_write> gradX: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.count; e += grid.x * 64u) {
    let at = spotOf(e, k.h, k.w);
    var sum = 0.0;
    for (var r = 0; r < k.kh; r++) {
      let p = windowOf(at.row, k.top, r, k.sh, k.p);
      if (p < 0) { continue; }
      for (var s = 0; s < k.kw; s++) {
        let q = windowOf(at.column, k.left, s, k.sw, k.q);
        if (q < 0) { continue; }
        sum += f32(gradOutput[placeOf(at.n, p, q, at.c, k.p, k.q)]) / divisorOf(p, q);
      }
    }
    gradX[e] = Element(sum);
  }
}
