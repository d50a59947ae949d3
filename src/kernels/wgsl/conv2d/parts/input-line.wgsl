// For each row the line of x that it reads at line np of all outputs, and whether there is one.
var image: array<i32, GROUPS>;
var insideH: array<bool, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let h = source(i32(np % k.p * k.stride) + top[g], i32(k.h));
  insideH[g] = h >= 0;
  image[g] = (i32(np / k.p * k.h) + max(h, 0)) * i32(k.w);
}
