// The rows of a workgroup: pixels of y, GROUPS to a lane, and for each where its window begins in x, at the padded place (top, left) of an
// image, of which `image` is the first row.
let rows = k.n * k.p * k.q;
var image: array<i32, GROUPS>;
var top: array<i32, GROUPS>;
var left: array<i32, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let m = min((tile.x * GROUPS + g) * LANES + lane, rows - 1u);
  image[g] = i32(m / (k.p * k.q) * k.h);
  top[g] = i32(m / k.q % k.p * k.stride) - i32(k.padding);
  left[g] = i32(m % k.q * k.stride) - i32(k.padding);
}
