// Padding of the middle axis of x [outer, size, inner], by `before` and `after` elements. MODE, as in src/kernels/pad.ts: 0 zeros, 1 the edge
// repeated, 2 mirrored without repeating the edge.
override MODE: u32;

struct Params { count: u32, size: i32, inner: u32, before: i32, after: i32 }
var<immediate> p: Params;
