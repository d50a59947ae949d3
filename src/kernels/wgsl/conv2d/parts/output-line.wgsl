// The line of x that is summed over, and for each row that of dy that read it, and whether there is one.
let n = nh / paddedRows;
let h = i32(nh % paddedRows) - border;
let line = (n * k.h + u32(source(h, i32(k.h)))) * k.w;
var image: array<i32, GROUPS>;
var insideP: array<bool, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let p = h + down[g];
  insideP[g] = p >= 0 && p < i32(k.p);
  image[g] = (i32(n * k.p) + p) * i32(k.q);
}
