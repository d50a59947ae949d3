// How the sums of a share are taken; needs instance-norm/parts/split.wgsl and grad.wgsl, and part: array<vec4f>, which is written.

// Adds a pixel to a turn, unless it lies past the end of the share.
fn take(turn: ptr<function, Sums>, pixel: Pixel, isOwn: bool) {
  let g = select(vec4f(0), pixel.g, isOwn);
  (*turn).g += g;
  (*turn).projected += g * pixel.xhat;
}

// Leaves the sums over all rows of the share in its place of part. To be called by all invocations, once.
fn leave(walk: Walk, lane: u32, own: Sums) {
  let total = overRows(lane, own.g, own.projected);
  if (walk.row == 0u && walk.owns) {
    part[walk.part] = total.one;
    part[walk.part + k.channels / 4u] = total.two;
  }
}
