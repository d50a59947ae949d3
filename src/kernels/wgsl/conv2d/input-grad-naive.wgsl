// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w, or a mirror of it under reflection.
// Under reflection a row of x lies at up to three padded positions: its own and two mirrors. A transposed convolution is this
// with a bias.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C]. The obvious form: one invocation an element of dx. The oracle of the others.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/shown.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> dy: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;

// The output row whose tap r reads this padded position, or -1.
fn reader(position: i32, r: u32, extent: u32) -> i32 {
  let t = position + i32(k.padding) - i32(r);
  let i = t / i32(k.stride);
  return select(-1, i, t >= 0 && t % i32(k.stride) == 0 && i < i32(extent));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = k.n * k.h * k.w * k.c;
  let mirrors = select(1u, 3u, k.reflect == 1u);
  for (var i = id.x; i < count; i += grid.x * 64u) {
    let c = i % k.c;
    let w = i / k.c % k.w;
    let h = i / (k.c * k.w) % k.h;
    let n = i / (k.c * k.w * k.h);
    var sum = 0.0;
    if (BIAS) { sum = bias[c]; }
    for (var mh = 0u; mh < mirrors; mh++) {
      for (var r = 0u; r < k.kh; r++) {
        let p = reader(shown(i32(h), i32(k.h), mh), r, k.p);
        if (p < 0) { continue; }
        for (var mw = 0u; mw < mirrors; mw++) {
          for (var s = 0u; s < k.kw; s++) {
            let q = reader(shown(i32(w), i32(k.w), mw), s, k.q);
            if (q < 0) { continue; }
            let pixel = ((n * k.p + u32(p)) * k.q + u32(q)) * k.o;
            let row = ((r * k.kw + s) * k.c + c) * k.o;
            for (var o = 0u; o < k.o; o++) { sum += f32(dy[pixel + o]) * f32(weight[row + o]); }
          }
        }
      }
    }
    dx[i] = Element(sum);
  }
}
