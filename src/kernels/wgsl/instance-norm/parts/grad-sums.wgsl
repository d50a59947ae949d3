// #include "instance-norm/parts/grad.wgsl"

// Sums over `count` pixels that begin at `first` and lie `step` apart, in blocks of 16, so that rounding does not grow with their number.
fn sumsOf(plane: Plane, first: u32, step: u32, count: u32) -> Sums {
  var sums = Sums(vec4f(0), vec4f(0));
  for (var block = 0u; block < count; block += 16u) {
    var g = vec4f(0);
    var projected = vec4f(0);
    for (var i = block; i < min(block + 16u, count); i++) {
      let pixel = pixelOf(first + i * step, plane);
      g += pixel.g;
      projected += pixel.g * pixel.xhat;
    }
    sums.g += g;
    sums.projected += projected;
  }
  return sums;
}
