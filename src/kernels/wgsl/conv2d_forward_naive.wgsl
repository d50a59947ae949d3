// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O]. The obvious form: one invocation an output element. The oracle of the others.

struct Conv {
  n: u32, h: u32, w: u32, c: u32,
  p: u32, q: u32, o: u32,
  kh: u32, kw: u32, stride: u32, padding: u32, reflect: u32,
}
var<immediate> k: Conv;
override BIAS: bool;
override ACTIVATION: u32;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

// The index of the image row (or column) under padded position i, or -1 where zero padding is read.
fn source(i: i32, extent: i32) -> i32 {
  let a = abs(i);
  let folded = select(a, 2 * (extent - 1) - a, a >= extent);
  return select(select(-1, i, i >= 0 && i < extent), folded, k.reflect == 1u);
}

// As in activation.wgsl: NaN passes, and tanh is exact for small and safe for large arguments.
fn activate(v: f32) -> f32 {
  if (ACTIVATION == 1u) { return select(v, 0.0, v <= 0.0); }
  if (ACTIVATION == 2u) { return select(0.2 * v, v, v > 0.0); }
  if (ACTIVATION == 3u) {
    let s = v * v;
    let near = v * (1 + s * (-1.0 / 3 + s * (2.0 / 15 + s * (-17.0 / 315 + s * (62.0 / 2835)))));
    let e = exp(-2 * abs(v));
    return select(sign(v) * (1 - e) / (1 + e), near, abs(v) < 0.25);
  }
  return v;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = k.n * k.p * k.q * k.o;
  for (var i = id.x; i < count; i += grid.x * 64u) {
    let o = i % k.o;
    let q = i / k.o % k.q;
    let p = i / (k.o * k.q) % k.p;
    let n = i / (k.o * k.q * k.p);
    var sum = 0.0;
    if (BIAS) { sum = bias[o]; }
    for (var r = 0u; r < k.kh; r++) {
      let h = source(i32(p * k.stride + r) - i32(k.padding), i32(k.h));
      if (h < 0) { continue; }
      for (var s = 0u; s < k.kw; s++) {
        let w = source(i32(q * k.stride + s) - i32(k.padding), i32(k.w));
        if (w < 0) { continue; }
        let pixel = ((n * k.h + u32(h)) * k.w + u32(w)) * k.c;
        let tap = (r * k.kw + s) * k.c;
        for (var c = 0u; c < k.c; c++) { sum += x[pixel + c] * weight[(tap + c) * k.o + o]; }
      }
    }
    y[i] = activate(sum);
  }
}
