// out[n, h, w] = the mean over c of map[n, ·, ·, c] between whose values lies pixel (h, w), interpolated bilinearly:
//   map[n, p, q] lies at the pixel (offset + p · stride, offset + q · stride); outside of all, the nearest counts.
// map [N,P,Q,C], out [N,H,W,1]; one invocation a pixel.

struct Params { count: u32, h: u32, w: u32, p: u32, q: u32, c: u32, stride: f32, offset: f32 }
var<immediate> k: Params;
@group(0) @binding(0) var<storage, read> map: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

fn along(pixel: u32, extent: u32) -> f32 {
  return clamp((f32(pixel) - k.offset) / k.stride, 0.0, f32(extent - 1u));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.count; e += grid.x * 64u) {
    let n = e / k.w / k.h;
    let y = along(e / k.w % k.h, k.p);
    let x = along(e % k.w, k.q);
    let top = u32(y);
    let left = u32(x);
    let above = (n * k.p + top) * k.q;
    let below = (n * k.p + min(top + 1u, k.p - 1u)) * k.q;
    let right = min(left + 1u, k.q - 1u);
    let down = y - f32(top);
    let across = x - f32(left);
    var sum = 0.0;
    for (var c = 0u; c < k.c; c++) {
      let upper = mix(map[(above + left) * k.c + c], map[(above + right) * k.c + c], across);
      let lower = mix(map[(below + left) * k.c + c], map[(below + right) * k.c + c], across);
      sum += mix(upper, lower, down);
    }
    out[e] = sum / f32(k.c);
  }
}
