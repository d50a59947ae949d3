// The 2 × 2 tiles of a convolution's output, the last of a line or column reaching over the edge where there is an odd number of pixels.
struct Tile { image: u32, row: u32, column: u32 }

fn tiles() -> u32 {
  return k.n * ((k.p + 1u) / 2u) * ((k.q + 1u) / 2u);
}

fn tileAt(t: u32) -> Tile {
  let across = (k.q + 1u) / 2u;
  let down = (k.p + 1u) / 2u;
  return Tile(t / (across * down), t / across % down, t % across);
}
