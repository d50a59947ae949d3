// dw[r,s,c,o] = sum over n,p,q of x[n, p*stride + r - padding, q*stride + s - padding, c] * dy[n,p,q,o]
// x [N,H,W,C], dy [N,P,Q,O], dw [KH,KW,C,O]. The obvious form: one invocation an element of dw. The oracle of the others.
// Rows and images are summed apart, so that rounding grows slowly.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> dy: array<Element>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = k.kh * k.kw * k.c * k.o;
  for (var i = id.x; i < count; i += grid.x * 64u) {
    let o = i % k.o;
    let c = i / k.o % k.c;
    let s = i / (k.o * k.c) % k.kw;
    let r = i / (k.o * k.c * k.kw);
    var sum = 0.0;
    for (var n = 0u; n < k.n; n++) {
      var ofImage = 0.0;
      for (var p = 0u; p < k.p; p++) {
        let h = source(i32(p * k.stride + r) - i32(k.padding), i32(k.h));
        if (h < 0) { continue; }
        var ofRow = 0.0;
        for (var q = 0u; q < k.q; q++) {
          let w = source(i32(q * k.stride + s) - i32(k.padding), i32(k.w));
          if (w < 0) { continue; }
          ofRow += f32(x[((n * k.h + u32(h)) * k.w + u32(w)) * k.c + c]) * f32(dy[((n * k.p + p) * k.q + q) * k.o + o]);
        }
        ofImage += ofRow;
      }
      sum += ofImage;
    }
    dw[i] = sum;
  }
}
