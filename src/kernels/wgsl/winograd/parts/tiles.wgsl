// The tiles of a convolution's output, the last of a line or column reaching over the edge where they do not divide it.
struct Tile { image: u32, row: u32, column: u32 }

fn tilesAlong(pixels: u32) -> u32 {
  return (pixels + TILE - 1u) / TILE;
}

fn tiles() -> u32 {
  return k.n * tilesAlong(k.p) * tilesAlong(k.q);
}

fn tileAt(t: u32) -> Tile {
  let across = tilesAlong(k.q);
  let down = tilesAlong(k.p);
  return Tile(t / (across * down), t / across % down, t % across);
}
