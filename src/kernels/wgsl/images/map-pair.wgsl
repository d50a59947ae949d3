// out[i] of two maps, by KIND as in src/kernels/images/maps.ts:
//   0 a · b    1 a / (b + constant)    2 |a − b of its image|
// a, out [count], b [count], or [images] for a departure; one invocation an element.

override KIND: u32;

struct Params { count: u32, each: u32, constant: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    switch KIND {
      case 0u: { out[i] = a[i] * b[i]; }
      case 1u: { out[i] = a[i] / (b[i] + p.constant); }
      default: { out[i] = abs(a[i] - b[i / p.each]); }
    }
  }
}
