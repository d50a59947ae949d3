// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O]. The obvious form: one invocation an output element. The oracle of the others.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "parts/activate.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;

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
        for (var c = 0u; c < k.c; c++) { sum += f32(x[pixel + c]) * f32(weight[(tap + c) * k.o + o]); }
      }
    }
    y[i] = Element(activate(sum));
  }
}
