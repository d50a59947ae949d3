// map[n, h, w] = the sum over c of f(a[n, h, w, c] − b[n, h, w, c]), over divisor, by KIND as in src/kernels/images/difference-map.ts:
//   0 f(d) = |d|    1 f(d) = d    2 f(d) = d²    3 f(d) = d⁸
// a, b [pixels, channels], map [pixels]; one invocation a pixel.

override KIND: u32;

struct Params { pixels: u32, channels: u32, divisor: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> map: array<f32>;

fn term(d: f32) -> f32 {
  switch KIND {
    case 0u: { return abs(d); }
    case 1u: { return d; }
    case 2u: { return d * d; }
    default: { let d4 = d * d * d * d; return d4 * d4; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.pixels; i += grid.x * 64u) {
    var sum = 0.0;
    for (var c = 0u; c < p.channels; c++) {
      sum += term(a[i * p.channels + c] - b[i * p.channels + c]);
    }
    map[i] = sum / p.divisor;
  }
}
