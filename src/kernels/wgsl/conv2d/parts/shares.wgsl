// As conv2d/parts/conv.wgsl, for weight gradients: the depth is split into shares, one for each z of the grid. A single share
// goes to dw itself, and is added to it if `accumulate` is 1.

struct Conv {
  n: u32, h: u32, w: u32, c: u32,
  p: u32, q: u32, o: u32,
  kh: u32, kw: u32, stride: u32, padding: u32, reflect: u32,
  splits: u32, accumulate: u32,
}
var<immediate> k: Conv;

// The depth step at which share z begins: floor(all * z / splits), without that product, which may be larger than a u32.
fn shareStart(all: u32, z: u32) -> u32 {
  return all / k.splits * z + all % k.splits * z / k.splits;
}
