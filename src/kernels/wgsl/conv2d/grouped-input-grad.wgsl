// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c - first,o], with o over the outputs of c's group, whose channels begin
// at `first`, over all outputs (p, q) whose tap (r, s) read the pixel (h, w) or a mirror of it. Layouts as in conv2d/parts/grouped.wgsl.
// A transposed convolution is this with a bias. One invocation an element of dx and turn.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/grouped.wgsl"
// #include "conv2d/parts/shown.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> dy: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;

// The output row whose tap, `step` pixels into its window, reads this padded position, or -1.
fn reader(position: i32, step: u32, before: u32, stride: u32, extent: u32) -> i32 {
  let t = position + i32(before) - i32(step);
  let i = t / i32(stride);
  return select(-1, i, t >= 0 && t % i32(stride) == 0 && i < i32(extent));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = k.n * k.h * k.w * k.c;
  let channels = k.c / k.groups;
  let outputs = k.o / k.groups;
  let mirrors = select(1u, 3u, REFLECT);
  for (var i = id.x; i < count; i += grid.x * 64u) {
    let c = i % k.c;
    let w = i / k.c % k.w;
    let h = i / (k.c * k.w) % k.h;
    let n = i / (k.c * k.w * k.h);
    let first = c / channels * outputs;
    var sum = 0.0;
    if (BIAS) { sum = bias[c]; }
    for (var mh = 0u; mh < mirrors; mh++) {
      for (var r = 0u; r < k.kh; r++) {
        let p = reader(shown(i32(h), i32(k.h), mh), r * k.dh, k.top, k.sh, k.p);
        if (p < 0) { continue; }
        for (var mw = 0u; mw < mirrors; mw++) {
          for (var s = 0u; s < k.kw; s++) {
            let q = reader(shown(i32(w), i32(k.w), mw), s * k.dw, k.left, k.sw, k.q);
            if (q < 0) { continue; }
            let pixel = ((n * k.p + u32(p)) * k.q + u32(q)) * k.o + first;
            let row = ((r * k.kw + s) * channels + c % channels) * k.o + first;
            for (var o = 0u; o < outputs; o++) { sum += f32(dy[pixel + o]) * f32(weight[row + o]); }
          }
        }
      }
    }
    dx[i] = Element(sum);
  }
}
