// part[z,r,s,c,o] = sum over the z-th share of the rows (n, p) of y, and over q, of x[n, p·sh + r·dh - top, q·sw + s·dw - left, first + c]
// * dy[n,p,q,o], with `first` where the channels of o's group begin. Layouts as in conv2d/parts/grouped.wgsl, part in f32.
// One invocation an element of the weight and turn for each share; rows are summed apart, so that rounding grows slowly.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/grouped.wgsl"
// #include "conv2d/parts/grouped-source.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> dy: array<Element>;
@group(0) @binding(2) var<storage, read_write> part: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  let channels = k.c / k.groups;
  let count = k.kh * k.kw * channels * k.o;
  let share = (k.n * k.p + grid.y - 1u) / grid.y;
  let end = min((group.y + 1u) * share, k.n * k.p);
  for (var i = id.x; i < count; i += grid.x * 64u) {
    let o = i % k.o;
    let c = i / k.o % channels + o / (k.o / k.groups) * channels;
    let s = i / (k.o * channels) % k.kw;
    let r = i / (k.o * channels * k.kw);
    var sum = 0.0;
    for (var row = group.y * share; row < end; row++) {
      let h = source(i32(row % k.p * k.sh + r * k.dh) - i32(k.top), i32(k.h));
      if (h < 0) { continue; }
      let line = (row / k.p * k.h + u32(h)) * k.w;
      var ofRow = 0.0;
      for (var q = 0u; q < k.q; q++) {
        let w = source(i32(q * k.sw + s * k.dw) - i32(k.left), i32(k.w));
        if (w < 0) { continue; }
        ofRow += f32(x[(line + u32(w)) * k.c + c]) * f32(dy[(row * k.q + q) * k.o + o]);
      }
      sum += ofRow;
    }
    part[group.y * count + i] = sum;
  }
}
