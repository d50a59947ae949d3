// #include "parts/norm_grad.wgsl"

// Writes dx of `count` pixels that begin at `first` and lie `step` apart; two at a time, which hides the cost of the loop.
fn differentiate(plane: Plane, sums: Sums, first: u32, step: u32, count: u32) {
  let even = count - count % 2u;
  for (var i = 0u; i < even; i += 2u) {
    let at = first + i * step;
    let one = pixelOf(at, plane);
    let two = pixelOf(at + step, plane);
    dx[at] = dxOf(one, plane, sums);
    dx[at + step] = dxOf(two, plane, sums);
  }
  if (even < count) {
    let at = first + even * step;
    dx[at] = dxOf(pixelOf(at, plane), plane, sums);
  }
}
