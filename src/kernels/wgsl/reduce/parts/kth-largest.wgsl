// The k-th largest of the floats that a workgroup of 256 looks at, by a radix select: the kernel says which by fn element(i: u32) -> f32.
//
// Bits of floats, turned so that they grow with the floats, are looked at 8 at a time, highest first: a histogram of those elements that
// agree with the prefix so far says which 8 bits the k-th largest has. It counts in integers: the same elements give the same bits.

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

// The key of the k-th largest element(i), first ≤ i < first + count; 1 ≤ k ≤ count. Called by all lanes together. It leaves in `wanted` how
// many elements equal to that one are among the k largest.
fn kthLargest(lane: u32, first: u32, count: u32, k: u32) -> u32 {
  if (lane == 0u) {
    prefix = 0u;
    wanted = k;
  }
  for (var digit = 0u; digit < 4u; digit++) {
    let shift = 24u - 8u * digit;
    atomicStore(&histogram[lane], 0u);
    workgroupBarrier();
    let above = workgroupUniformLoad(&prefix);
    for (var i = lane; i < count; i += 256u) {
      let key = keyOf(element(first + i));
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
