// The problem that the convolution kernels are launched with: x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O].

struct Conv {
  n: u32, h: u32, w: u32, c: u32,
  p: u32, q: u32, o: u32,
  kh: u32, kw: u32, stride: u32, padding: u32, reflect: u32,
}
var<immediate> k: Conv;
