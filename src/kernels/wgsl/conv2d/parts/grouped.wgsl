// The problem that grouped convolutions are launched with: x [N,H,W,C], weight [KH,KW,C/groups,O], y [N,P,Q,O]. Of equal shares of the
// channels of x and of y, in their order, one sees but the other. Rows have strides and steps (dh) of their own, and so do columns.

struct Grouped {
  n: u32, h: u32, w: u32, c: u32,
  p: u32, q: u32, o: u32,
  kh: u32, kw: u32, sh: u32, sw: u32, dh: u32, dw: u32,
  top: u32, left: u32, groups: u32,
}
var<immediate> k: Grouped;
override REFLECT: bool;
