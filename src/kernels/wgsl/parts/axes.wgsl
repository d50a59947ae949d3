// Places in tensors that lie over some of up to six axes, for kernels whose Params hold the extents p.e0 (of the innermost axis) to p.e5.
// Which of them a tensor has is a mask: bit d for the axis of p.e<d>.
override RANK: u32; // how many axes there are, from 1 to 6

struct Walk { rest: u32, stride: u32, place: u32 }

fn along(walk: Walk, d: u32, extent: u32, over: u32, its: u32) -> Walk {
  if (RANK <= d) { return walk; }
  var next = walk;
  let held = ((its >> d) & 1u) == 1u;
  if (((over >> d) & 1u) == 1u) {
    if (held) { next.place += next.rest % extent * next.stride; }
    next.rest /= extent;
  }
  if (held) { next.stride *= extent; }
  return next;
}

// Where the element `index`, counted over the axes of the mask `over` alone, lies in a tensor that has the axes of the mask `its`.
fn placeOf(index: u32, over: u32, its: u32) -> u32 {
  var walk = Walk(index, 1u, 0u);
  walk = along(walk, 0u, p.e0, over, its);
  walk = along(walk, 1u, p.e1, over, its);
  walk = along(walk, 2u, p.e2, over, its);
  walk = along(walk, 3u, p.e3, over, its);
  walk = along(walk, 4u, p.e4, over, its);
  walk = along(walk, 5u, p.e5, over, its);
  return walk.place;
}
