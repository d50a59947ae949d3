// How 256 invocations walk a share of the pixels of 32 channels: 8 columns of 4 channels, which are 128 contiguous bytes in f32, and 32
// rows. A row takes every 32nd pixel, AT_ONCE of them a turn: all are loaded before the first is used, so that a few workgroups keep the
// memory busy. Past the end of the share a row loads the last pixel again, and drops it.

// #include "instance-norm/parts/rows.wgsl"
const COLUMNS = 8u;
const ROWS = 32u;
const AT_ONCE = 4u;

struct Walk {
  // The invocation's channels, counted in fours, and whether they are its own: a column past the last walks along with that one.
  c: u32, owns: bool,
  row: u32,
  // The first pixel of the row, and the end of the share.
  begin: u32, end: u32,
  // Where those channels' first pixel lies in x, their row in stats and sums, and that of the share in part.
  image: u32, statistics: u32, part: u32,
}

fn walkOf(tile: vec3u, lane: u32) -> Walk {
  let c4 = k.channels / 4u;
  let column = tile.x * COLUMNS + lane % COLUMNS;
  let c = min(column, c4 - 1u);
  let row = lane / COLUMNS;
  let begin = tile.z * k.share;
  let statistics = tile.y * 2u * c4 + c;
  return Walk(
    c, column < c4, row,
    begin + row, min(begin + k.share, k.pixels),
    tile.y * k.pixels * c4 + c, statistics, tile.z * k.n * 2u * c4 + statistics,
  );
}

// Where a pixel of the walk lies, or the share's last in place of one past it.
fn place(walk: Walk, pixel: u32) -> u32 {
  return walk.image + min(pixel, walk.end - 1u) * (k.channels / 4u);
}
