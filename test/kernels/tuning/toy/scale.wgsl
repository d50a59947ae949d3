// y[i] = FACTOR * x[i], after SPIN rounds that change nothing but the time it takes.

override FACTOR: f32;
override SPIN: u32;
struct Params { count: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.count) { return; }
  var v = x[id.x];
  for (var i = 0u; i < SPIN; i++) { v = fract(1.7 * v + 0.3); }
  // A fraction is never above 2, which no compiler sees.
  y[id.x] = select(FACTOR * x[id.x], 0.0, v > 2.0);
}
