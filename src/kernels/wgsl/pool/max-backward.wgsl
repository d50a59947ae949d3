// gradX[n,h,w,c] = Σ gradOutput[n,p,q,c] over the windows (p, q) that have the pixel (h, w) and chose it; see pool/max.wgsl.
// One invocation an element of gradX and turn.

// #include "parts/dtype.wgsl"
// #include "pool/parts/pool.wgsl"
@group(0) @binding(0) var<storage, read> gradOutput: array<Element>;
@group(0) @binding(1) var<storage, read> chosen: array<u32>;
@group(0) @binding(2) var<storage, read_write> gradX: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.count; e += grid.x * 64u) {
    let at = spotOf(e, k.h, k.w);
    let pixel = u32(at.row * k.w + at.column);
    var sum = 0.0;
    for (var r = 0; r < k.kh; r++) {
      let p = windowOf(at.row, k.top, r * k.dh, k.sh, k.p);
      if (p < 0) { continue; }
      for (var s = 0; s < k.kw; s++) {
        let q = windowOf(at.column, k.left, s * k.dw, k.sw, k.q);
        if (q < 0) { continue; }
        let i = placeOf(at.n, p, q, at.c, k.p, k.q);
        if (chosen[i] == pixel) { sum += f32(gradOutput[i]); }
      }
    }
    gradX[e] = Element(sum);
  }
}
