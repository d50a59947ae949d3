// Structural similarity (Wang et al. 2004) in every 11 × 11 Gaussian window (σ 1.5) that lies inside the image:
//   S = (2 μx μy + C1)(2 σxy + C2) / ((μx² + μy² + C1)(σx² + σy² + C2)),  C1 = (0.01 · 2)², C2 = (0.03 · 2)²
// for values from −1 to 1 (a range of 2). A window adds g(q) · (slopes.x + slopes.y · x_q + slopes.z · y_q) to the
// gradient of Σ map with respect to x_q, g its weights; S is symmetric, so swap x and y for the other gradient.
// x, y [N,H,W,C]; map, slopes [N,H−10,W−10,C]; one invocation a window and channel.

// #include "images/parts/ssim-window.wgsl"

struct Params { count: u32, h: u32, w: u32, c: u32, window: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> map: array<f32>;
@group(0) @binding(3) var<storage, read_write> slopes: array<vec4f>;

const C1 = 0.0004;
const C2 = 0.0036;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let columns = p.w - 10;
  let rows = p.h - 10;
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let pixel = e / p.c;
    let row = pixel / columns;
    let corner = ((row / rows * p.h + row % rows) * p.w + pixel % columns) * p.c + e % p.c;
    // Moments about the window's middle: squares of the values themselves would cancel where the image is flat.
    let middle = vec2f(x[corner + 5 * (p.w + 1) * p.c], y[corner + 5 * (p.w + 1) * p.c]);
    var mean = vec2f();
    var square = vec2f();
    var product = 0.0;
    // A window size from outside keeps lavapipe from unrolling both loops, which took 12 s to compile.
    for (var i = 0u; i < p.window; i++) {
      for (var j = 0u; j < p.window; j++) {
        let at = corner + (i * p.w + j) * p.c;
        let v = vec2f(x[at], y[at]) - middle;
        let d = vec2f(f32(i), f32(j)) - 5;
        let weight = PEAK * exp(-dot(d, d) / 4.5);
        mean += weight * v;
        square += weight * v * v;
        product += weight * v.x * v.y;
      }
    }
    let variance = square - mean * mean;
    let covariance = product - mean.x * mean.y;
    let mu = mean + middle;

    let a1 = 2 * mu.x * mu.y + C1;
    let a2 = 2 * covariance + C2;
    let b1 = dot(mu, mu) + C1;
    let b2 = variance.x + variance.y + C2;
    let s = a1 * a2 / (b1 * b2);
    map[e] = s;

    let byMean = 2 * (mu.y * a2 / b2 - mu.x * s) / b1;
    let byX = -2 * s / b2;
    let byY = 2 * a1 / (b1 * b2);
    slopes[e] = vec4f(byMean - byX * mu.x - byY * mu.y, byX, byY, 0);
  }
}
