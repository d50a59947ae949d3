// gradX[n,h,w,c] = Σ gradOutput[n,p,q,c] / the pixels of the window (p, q), over the windows that have the pixel (h, w).
// One invocation an element of gradX and turn.

// #include "parts/dtype.wgsl"
// #include "pool/parts/adaptive.wgsl"
@group(0) @binding(0) var<storage, read> gradOutput: array<Element>;
@group(0) @binding(1) var<storage, read_write> gradX: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.count; e += grid.x * 64u) {
    let w = e / k.c % k.w;
    let h = e / (k.c * k.w) % k.h;
    let n = e / (k.c * k.w * k.h);
    var sum = 0.0;
    // From the first window that ends behind the pixel to the last that begins at it or before.
    for (var p = beginOf(h, k.p, k.h); p < endOf(h, k.p, k.h); p++) {
      let rows = endOf(p, k.h, k.p) - beginOf(p, k.h, k.p);
      for (var q = beginOf(w, k.q, k.w); q < endOf(w, k.q, k.w); q++) {
        let columns = endOf(q, k.w, k.q) - beginOf(q, k.w, k.q);
        sum += f32(gradOutput[((n * k.p + p) * k.q + q) * k.c + e % k.c]) / f32(rows * columns);
      }
    }
    gradX[e] = Element(sum);
  }
}
