// out[n] = the mean of the `hottest` largest elements of image n: exactly so many, whatever is equal. One NaN makes it NaN.
// a [N, count], out [N]; 1 ≤ hottest ≤ count; one workgroup an image, which sums in a fixed order: the same image gives the same bits.
//
// What is larger than the hottest-th largest is summed, and what is equal to it fills up.
//
// Measured 2026-11-28, llvmpipe Mesa 25.0.7, 2 cores shared with other work, beside the maximum of the same image in reduce/per-image:
// 36 elements 0.14 and 0.08 ms, 4,096 0.19 and 0.08 ms, 65,536 1.9 and 0.21 ms, 2²⁰ 27 and 2.3 ms.

// #include "reduce/parts/kth-largest.wgsl"

@group(0) @binding(1) var<storage, read_write> out: array<f32>;

var<workgroup> parts: array<f32, 256>;
var<workgroup> larger: array<u32, 256>;
var<workgroup> nans: atomic<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  for (var n = group.x; n < p.images; n += grid.x) {
    let start = n * p.count;
    if (lane == 0u) { atomicStore(&nans, 0u); }
    let least = kthLargest(lane, start);
    var sum = 0.0;
    var many = 0u;
    for (var i = lane; i < p.count; i += 256u) {
      let value = a[start + i];
      if (keyOf(value) > least) {
        sum += value;
        many++;
      }
      // Bits are looked at, since a compiler may assume that no float is NaN.
      if ((bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u) { atomicAdd(&nans, 1u); }
    }
    parts[lane] = sum;
    larger[lane] = many;
    workgroupBarrier();
    if (lane == 0u) {
      var total = 0.0;
      var counted = 0u;
      for (var j = 0u; j < 256u; j++) {
        total += parts[j];
        counted += larger[j];
      }
      let mean = (total + f32(p.hottest - counted) * valueOf(least)) / f32(p.hottest);
      out[n] = select(mean, bitcast<f32>(0x7fc00000u | atomicLoad(&nans)), atomicLoad(&nans) > 0u);
    }
    workgroupBarrier();
  }
}
