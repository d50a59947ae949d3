// dw[r,s,c,o] = sum over n,p,q of x[n, p*stride + r - padding, q*stride + s - padding, c] * dy[n,p,q,o]
// x [N,H,W,C], dy [N,P,Q,O], dw [KH,KW,C,O]. The obvious form: one invocation an element of dw. The oracle of the others.

struct Conv {
  n: u32, h: u32, w: u32, c: u32,
  p: u32, q: u32, o: u32,
  kh: u32, kw: u32, stride: u32, padding: u32, reflect: u32,
}
var<immediate> k: Conv;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;

// The index of the image row (or column) under padded position i, or -1 where zero padding is read.
fn source(i: i32, extent: i32) -> i32 {
  let a = abs(i);
  let folded = select(a, 2 * (extent - 1) - a, a >= extent);
  return select(select(-1, i, i >= 0 && i < extent), folded, k.reflect == 1u);
}

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
      for (var p = 0u; p < k.p; p++) {
        let h = source(i32(p * k.stride + r) - i32(k.padding), i32(k.h));
        if (h < 0) { continue; }
        for (var q = 0u; q < k.q; q++) {
          let w = source(i32(q * k.stride + s) - i32(k.padding), i32(k.w));
          if (w < 0) { continue; }
          sum += x[((n * k.h + u32(h)) * k.w + u32(w)) * k.c + c] * dy[((n * k.p + p) * k.q + q) * k.o + o];
        }
      }
    }
    dw[i] = sum;
  }
}
