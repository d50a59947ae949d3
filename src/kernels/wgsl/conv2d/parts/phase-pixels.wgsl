// The rows of a workgroup: pixels (h, w) of x of one phase, which the same taps reach, GROUPS to a lane, and for each the place (row, col) of
// dy that reads it with the first of these taps. A workgroup behind the last pixel ends here.
let phaseH = i32(tile.z / k.stride);
let phaseW = i32(tile.z % k.stride);
let stride = i32(k.stride);
let rowsH = (i32(k.h) - phaseH + stride - 1) / stride;
let rowsW = (i32(k.w) - phaseW + stride - 1) / stride;
let rows = i32(k.n) * rowsH * rowsW;
let padding = i32(k.padding);
let r0 = (phaseH + padding) % stride;
let s0 = (phaseW + padding) % stride;
if (i32(tile.x * GROUPS * LANES) >= rows) { return; }
var image: array<i32, GROUPS>;
var h: array<i32, GROUPS>;
var w: array<i32, GROUPS>;
var row: array<i32, GROUPS>;
var col: array<i32, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let m = min(i32((tile.x * GROUPS + g) * LANES + lane), rows - 1);
  image[g] = m / (rowsH * rowsW);
  h[g] = m / rowsW % rowsH * stride + phaseH;
  w[g] = m % rowsW * stride + phaseW;
  row[g] = (h[g] + padding - r0) / stride;
  col[g] = (w[g] + padding - s0) / stride;
}
// Which mirrored positions pixels of this tile have at all, one bit for each m = 3 * mh + mw of `position`. There are some only
// near the border, and only at stride 1.
var candidates = 0u;
if (k.reflect == 1u) {
  for (var g = 0u; g < GROUPS; g++) {
    let top = subgroupAny(h[g] > 0 && h[g] <= padding);
    let bottom = subgroupAny(h[g] < i32(k.h) - 1 && h[g] >= i32(k.h) - 1 - padding);
    let left = subgroupAny(w[g] > 0 && w[g] <= padding);
    let right = subgroupAny(w[g] < i32(k.w) - 1 && w[g] >= i32(k.w) - 1 - padding);
    let across = 1u | select(0u, 2u, left) | select(0u, 4u, right);
    candidates |= (across | select(0u, across << 3u, top) | select(0u, across << 6u, bottom)) & ~1u;
  }
}
