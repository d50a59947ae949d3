// gradX[q] = gradOutput[0] · factor · Σ over the windows that contain q of g(q) · (slopes.x + slopes.y · x_q + slopes.z · y_q),
// with the slopes that images/ssim.wgsl leaves and the window's weights g.
// x, y, gradX [N,H,W,C]; slopes [N,H−10,W−10,C]; one invocation an element of gradX.

// #include "images/parts/ssim-window.wgsl"

struct Params { count: u32, h: u32, w: u32, c: u32, factor: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read> slopes: array<vec4f>;
@group(0) @binding(3) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradX: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let columns = p.w - 10;
  let rows = p.h - 10;
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let pixel = e / p.c;
    let column = pixel % p.w;
    let row = pixel / p.w % p.h;
    let image = pixel / p.w / p.h * rows * columns;
    var sum = vec4f();
    // A window at (i, j) holds this pixel when 0 ≤ row − i ≤ 10 and 0 ≤ column − j ≤ 10.
    for (var i = max(row, 10u) - 10u; i <= min(row, rows - 1u); i++) {
      for (var j = max(column, 10u) - 10u; j <= min(column, columns - 1u); j++) {
        let d = vec2f(f32(row - i), f32(column - j)) - 5;
        sum += PEAK * exp(-dot(d, d) / 4.5) * slopes[(image + i * columns + j) * p.c + e % p.c];
      }
    }
    gradX[e] = gradOutput[0] * p.factor * dot(sum, vec4f(1, x[e], y[e], 0));
  }
}
