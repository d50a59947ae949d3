// The rows of a weight gradient as taps and channels of dy, (r,s,o) flattened, GROUPS to a lane: from which pixel of the padded x each is read.
var down: array<i32, GROUPS>;
var right: array<i32, GROUPS>;
var channel: array<u32, GROUPS>;
for (var g = 0u; g < GROUPS; g++) {
  let row = min((tile.y * GROUPS + g) * LANES + lane, rows - 1u);
  down[g] = i32(k.padding) - i32(row / (k.o * k.kw));
  right[g] = i32(k.padding) - i32(row / k.o % k.kw);
  channel[g] = row % k.o;
}
// Zero padding adds nothing, so only reflected borders are visited.
let border = select(0, i32(k.padding), k.reflect == 1u);
let paddedRows = u32(i32(k.h) + 2 * border);
let all = k.n * paddedRows;
