// #include "instance-norm/parts/grad.wgsl"

// Writes dx of `count` pixels that begin at `first` and lie `step` apart.
fn differentiate(plane: Plane, sums: Sums, first: u32, step: u32, count: u32) {
  for (var i = 0u; i < count; i++) {
    let at = first + i * step;
    dx[at] = Element4(dxOf(pixelOf(at, plane), plane, sums));
  }
}
