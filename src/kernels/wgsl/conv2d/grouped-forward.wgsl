// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p·sh + r·dh - top, q·sw + s·dw - left, first + c] * weight[r,s,c,o]), with c over
// the channels of o's group, which begin at `first`. Layouts as in conv2d/parts/grouped.wgsl; depthwise where groups = C.
// One invocation an output element and turn: neighbours read neighbouring channels.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/grouped.wgsl"
// #include "conv2d/parts/grouped-source.wgsl"
// #include "parts/activate.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = k.n * k.p * k.q * k.o;
  let channels = k.c / k.groups;
  for (var i = id.x; i < count; i += grid.x * 64u) {
    let o = i % k.o;
    let q = i / k.o % k.q;
    let p = i / (k.o * k.q) % k.p;
    let n = i / (k.o * k.q * k.p);
    let first = o / (k.o / k.groups) * channels;
    var sum = 0.0;
    if (BIAS) { sum = bias[o]; }
    for (var r = 0u; r < k.kh; r++) {
      let h = source(i32(p * k.sh + r * k.dh) - i32(k.top), i32(k.h));
      if (h < 0) { continue; }
      for (var s = 0u; s < k.kw; s++) {
        let w = source(i32(q * k.sw + s * k.dw) - i32(k.left), i32(k.w));
        if (w < 0) { continue; }
        let pixel = ((n * k.h + u32(h)) * k.w + u32(w)) * k.c + first;
        let tap = (r * k.kw + s) * channels;
        for (var c = 0u; c < channels; c++) { sum += f32(x[pixel + c]) * f32(weight[(tap + c) * k.o + o]); }
      }
    }
    y[i] = Element(activate(sum));
  }
}
