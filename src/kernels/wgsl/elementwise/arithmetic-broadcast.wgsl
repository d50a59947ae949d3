// out[i] = a[…] ∘ b[…], with ∘ by KIND as in elementwise/parts/arithmetic.wgsl. out lies over all axes, a and b over those of their masks;
// along the others they have one value for all. One invocation an element and turn.

// #include "parts/dtype.wgsl"
// #include "parts/axes.wgsl"
// #include "elementwise/parts/arithmetic.wgsl"
struct Params { count: u32, e0: u32, e1: u32, e2: u32, e3: u32, e4: u32, e5: u32, ofA: u32, ofB: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element>;
@group(0) @binding(1) var<storage, read> b: array<Element>;
@group(0) @binding(2) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    let left = f32(a[placeOf(i, 63u, p.ofA)]);
    let right = f32(b[placeOf(i, 63u, p.ofB)]);
    out[i] = Element(combine(vec4f(left), vec4f(right)).x);
  }
}
