// Images a [N, count], each looked at by a workgroup of 256, and the hottest-th largest element of one, 1 ≤ hottest ≤ count: a radix select.
//
// Bits of floats, turned so that they grow with the floats, are looked at 8 at a time, highest first: a histogram of those elements that
// agree with the prefix so far says which 8 bits that one has. It counts in integers: the same elements give the same bits.

struct Params { images: u32, count: u32, hottest: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<f32>;

var<workgroup> histogram: array<atomic<u32>, 256>;
var<workgroup> prefix: u32;
var<workgroup> wanted: u32;

fn keyOf(value: f32) -> u32 {
  // −0 is 0.
  let bits = bitcast<u32>(value) * u32(bitcast<u32>(value) != 0x80000000u);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

fn valueOf(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, key >= 0x80000000u));
}

// The key of the hottest-th largest element of the image that begins at `start`. Called by all lanes together. It leaves in `wanted` how
// many elements equal to that one are among the hottest.
fn kthLargest(lane: u32, start: u32) -> u32 {
  if (lane == 0u) {
    prefix = 0u;
    wanted = p.hottest;
  }
  for (var digit = 0u; digit < 4u; digit++) {
    let shift = 24u - 8u * digit;
    atomicStore(&histogram[lane], 0u);
    workgroupBarrier();
    let above = workgroupUniformLoad(&prefix);
    for (var i = lane; i < p.count; i += 256u) {
      let key = keyOf(a[start + i]);
      // A shift by 32 bits is not one.
      if (digit == 0u || key >> (shift + 8u) == above >> (shift + 8u)) {
        atomicAdd(&histogram[(key >> shift) & 255u], 1u);
      }
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
  return workgroupUniformLoad(&prefix);
}
