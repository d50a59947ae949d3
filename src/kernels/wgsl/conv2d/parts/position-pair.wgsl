// Takes the next two `positions`, or one: where dy is read for each pixel, and where it is read a second time.
let first = firstTrailingBit(positions);
positions &= positions - 1u;
let paired = positions != 0u;
let second = firstTrailingBit(positions | 512u);
positions &= positions - 1u;
var pixel: array<u32, GROUPS>;
var inside: array<bool, GROUPS>;
var mirrored: array<u32, GROUPS>;
var reflected: array<bool, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let at = position(image[g], row[g], col[g], first, i, j);
  inside[g] = at >= 0;
  pixel[g] = u32(max(at, 0)) * pixelSize;
  let other = position(image[g], row[g], col[g], second, i, j);
  reflected[g] = paired && other >= 0;
  mirrored[g] = select(0u, u32(other) * pixelSize, reflected[g]);
}
