// out[group] = (largest |a[i] − b[i]|, largest |b[i]|, 1 where some a[i] is NaN or infinite, 0) over the elements that a workgroup strides
// over. NaN and infinity are recognised by their bits, since a compiler may assume that no float is either.

// #include "parts/dtype.wgsl"
struct Params { count: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element4>;
@group(0) @binding(1) var<storage, read> b: array<Element4>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

var<workgroup> found: array<vec4f, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  var difference = vec4f();
  var largest = vec4f();
  var broken = vec4<bool>();
  for (var i = id.x; 4 * i < p.count; i += grid.x * 256u) {
    // The last vec4 may reach into padding, which holds anything.
    let inside = 4 * i + vec4u(0, 1, 2, 3) < vec4u(p.count);
    let x = vec4f(a[i]);
    let y = vec4f(b[i]);
    let finite = (bitcast<vec4u>(x) & vec4u(0x7f800000u)) != vec4u(0x7f800000u);
    difference = max(difference, select(vec4f(), abs(x - y), inside & finite));
    largest = max(largest, select(vec4f(), abs(y), inside));
    broken |= inside & !finite;
  }
  found[lane] = vec4f(
    max(max(difference.x, difference.y), max(difference.z, difference.w)),
    max(max(largest.x, largest.y), max(largest.z, largest.w)),
    select(0.0, 1.0, any(broken)),
    0,
  );
  for (var lanes = 128u; lanes > 0u; lanes /= 2u) {
    workgroupBarrier();
    if (lane < lanes) { found[lane] = max(found[lane], found[lane + lanes]); }
  }
  if (lane == 0u) { out[group.x] = found[0]; }
}
