// out[n] = the mean of the `hottest` largest elements of image n: exactly so many, whatever is equal. One NaN makes it NaN.
// a [N, count], out [N]; 1 ≤ hottest ≤ count; one workgroup an image, which counts in integers and sums in a fixed order: the same
// image gives the same bits.
//
// A radix select. Bits of floats, turned so that they grow with the floats, are looked at 8 at a time, highest first: a histogram of
// those elements that agree with the prefix so far says which 8 bits the hottest-th largest has. Then what is larger is summed, and what is
// equal to it fills up.
//
// Measured 2026-11-28, llvmpipe Mesa 25.0.7, 2 cores shared with other work, beside the maximum of the same image in reduce/per-image:
// 36 elements 0.14 and 0.08 ms, 4,096 0.19 and 0.08 ms, 65,536 1.9 and 0.21 ms, 2²⁰ 27 and 2.3 ms.

struct Params { images: u32, count: u32, hottest: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

var<workgroup> histogram: array<atomic<u32>, 256>;
var<workgroup> parts: array<f32, 256>;
var<workgroup> larger: array<u32, 256>;
var<workgroup> nans: atomic<u32>;
var<workgroup> prefix: u32;
var<workgroup> wanted: u32;

fn key(value: f32) -> u32 {
  let bits = bitcast<u32>(value);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn valueOf(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  for (var n = group.x; n < p.images; n += grid.x) {
    let start = n * p.count;
    if (lane == 0u) {
      prefix = 0u;
      wanted = p.hottest;
      atomicStore(&nans, 0u);
    }
    for (var digit = 0u; digit < 4u; digit++) {
      let shift = 24u - 8u * digit;
      atomicStore(&histogram[lane], 0u);
      workgroupBarrier();
      let above = workgroupUniformLoad(&prefix);
      for (var i = lane; i < p.count; i += 256u) {
        let k = key(a[start + i]);
        // A shift by 32 bits is not one.
        if (digit == 0u || k >> (shift + 8u) == above >> (shift + 8u)) {
          atomicAdd(&histogram[(k >> shift) & 255u], 1u);
        }
        // Bits are looked at, since a compiler may assume that no float is NaN.
        if (digit == 0u && (bitcast<u32>(a[start + i]) & 0x7fffffffu) > 0x7f800000u) { atomicAdd(&nans, 1u); }
      }
      workgroupBarrier();
      if (lane == 0u) {
        var left = wanted;
        var bin = 255u;
        for (var own = atomicLoad(&histogram[bin]); own < left; own = atomicLoad(&histogram[bin])) {
          left -= own;
          bin--;
        }
        prefix |= bin << shift;
        wanted = left;
      }
      workgroupBarrier();
    }
    let least = workgroupUniformLoad(&prefix);
    var sum = 0.0;
    var many = 0u;
    for (var i = lane; i < p.count; i += 256u) {
      if (key(a[start + i]) > least) {
        sum += a[start + i];
        many++;
      }
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
