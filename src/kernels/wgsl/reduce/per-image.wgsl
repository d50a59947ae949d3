// out[n] over the elements i of image n, by KIND as in src/kernels/images/per-image.ts:
//   0 factor · Σ |a − b|    1 factor · Σ a    2 factor · Σ a⁸    3 factor · max a
// a, b [N, count]; one workgroup an image. Scalar loads, since an image may begin anywhere. One NaN makes all of them NaN, so that a broken
// image cannot pass for a good one.

override KIND: u32;

struct Params { images: u32, count: u32, factor: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> parts: array<f32, 256>;

// Bits are looked at, since a compiler may assume that no float is NaN.
fn isNan(value: f32) -> bool { return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u; }

// max may leave a NaN out.
fn join(before: f32, value: f32) -> f32 {
  if (KIND < 3u) { return before + value; }
  if (isNan(before)) { return before; }
  if (isNan(value)) { return value; }
  return max(before, value);
}

fn term(i: u32) -> f32 {
  let x = a[i];
  switch KIND {
    case 0u: { return abs(x - b[i]); }
    case 2u: { let x4 = x * x * x * x; return x4 * x4; }
    default: { return x; }
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  for (var n = group.x; n < p.images; n += grid.x) {
    var part = 0.0;
    if (KIND == 3u) { part = a[n * p.count]; }
    for (var i = lane; i < p.count; i += 256u) { part = join(part, term(n * p.count + i)); }
    parts[lane] = part;
    workgroupBarrier();
    if (lane == 0u) {
      var total = parts[0];
      for (var j = 1u; j < 256u; j++) { total = join(total, parts[j]); }
      out[n] = total * p.factor;
    }
    workgroupBarrier();
  }
}
