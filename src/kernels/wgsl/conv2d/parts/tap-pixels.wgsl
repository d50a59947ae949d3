// The pixels of x that tap (r, s) of these windows reads.
var pixel: array<u32, GROUPS>;
var inside: array<bool, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let h = source(top[g] + r, i32(k.h));
  let w = source(left[g] + s, i32(k.w));
  inside[g] = h >= 0 && w >= 0;
  pixel[g] = select(0u, u32((image[g] + h) * i32(k.w) + w) * pixelSize, inside[g]);
}
