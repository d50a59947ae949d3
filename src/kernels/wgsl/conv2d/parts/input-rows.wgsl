// The rows of a weight gradient as taps and channels of x, (r,s,c) flattened, GROUPS to a lane: where each reads in the window of an output.
var top: array<i32, GROUPS>;
var left: array<i32, GROUPS>;
var channel: array<u32, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let row = min((tile.y * GROUPS + g) * LANES + lane, rows - 1u);
  top[g] = i32(row / (k.c * k.kw)) - i32(k.padding);
  left[g] = i32(row / k.c % k.kw) - i32(k.padding);
  channel[g] = row % k.c;
}
let all = k.n * k.p;
