// The positions to sum over at this tap: the pixel itself (bit 0) and the mirrored ones that some pixel has.
var positions = 1u;
for (var left = candidates; left != 0u; left &= left - 1u) {
  let m = firstTrailingBit(left);
  var any = false;
  for (var g = 0u; g < GROUPS; g++) { any |= position(image[g], row[g], col[g], m, i, j) >= 0; }
  if (subgroupAny(any)) { positions |= 1u << m; }
}
