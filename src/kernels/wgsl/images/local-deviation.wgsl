// out[n, h, w] = √(mean over c of the variance of x[n, ·, ·, c] in the window of (2 · radius + 1)² pixels around (h, w)), mirrored at the
// borders without repeating the edge. x [N,H,W,C], out [N,H,W,1]; one invocation a pixel.

// #include "parts/fold.wgsl"

struct Params { count: u32, h: i32, w: i32, c: u32, radius: i32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let side = f32(2 * p.radius + 1);
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let column = i32(e) % p.w;
    let row = i32(e) / p.w % p.h;
    let image = i32(e) / p.w / p.h * p.h;
    var variances = 0.0;
    for (var c = 0u; c < p.c; c++) {
      // Moments about the window's middle: squares of the values themselves would cancel where the image is flat.
      let middle = x[e * p.c + c];
      var sum = 0.0;
      var squares = 0.0;
      for (var i = -p.radius; i <= p.radius; i++) {
        let line = (image + fold(row + i, p.h)) * p.w;
        for (var j = -p.radius; j <= p.radius; j++) {
          let d = x[u32(line + fold(column + j, p.w)) * p.c + c] - middle;
          sum += d;
          squares += d * d;
        }
      }
      let mean = sum / (side * side);
      variances += max(0.0, squares / (side * side) - mean * mean);
    }
    out[e] = sqrt(variances / f32(p.c));
  }
}
