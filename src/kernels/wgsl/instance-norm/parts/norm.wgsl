// The problem that the instance norm kernels are launched with: x [N,HW,C], its pixels walked in shares of `share`.

struct Norm { n: u32, pixels: u32, channels: u32, share: u32, eps: f32 }
var<immediate> k: Norm;
