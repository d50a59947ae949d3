// Winograd's F(4×4, 3×3), by the points 0, ±3/4, ±3/2 and ∞: they lose half of the digits that 0, ±1, ±2 lose (bench/NOTES.md).
const TILE = 4u; // outputs along a side of a tile
const SIDE = 6u; // products along a side: TILE + 2

const INPUT = array<array<f32, SIDE>, SIDE>( // Bᵀ
  array(81.0 / 64, 0, -45.0 / 16, 0, 1, 0),
  array(0, -27.0 / 16, -9.0 / 4, 3.0 / 4, 1, 0),
  array(0, 27.0 / 16, -9.0 / 4, -3.0 / 4, 1, 0),
  array(0, -27.0 / 32, -9.0 / 16, 3.0 / 2, 1, 0),
  array(0, 27.0 / 32, -9.0 / 16, -3.0 / 2, 1, 0),
  array(0, 81.0 / 64, 0, -45.0 / 16, 0, 1),
);
const WEIGHT = array<array<f32, 3>, SIDE>( // G
  array(64.0 / 81, 0, 0),
  array(-128.0 / 243, -32.0 / 81, -8.0 / 27),
  array(-128.0 / 243, 32.0 / 81, -8.0 / 27),
  array(32.0 / 243, 16.0 / 81, 8.0 / 27),
  array(32.0 / 243, -16.0 / 81, 8.0 / 27),
  array(0, 0, 1),
);
const OUTPUT = array<array<f32, SIDE>, TILE>( // Aᵀ
  array(1, 1, 1, 1, 1, 0),
  array(0, 3.0 / 4, -3.0 / 4, 3.0 / 2, -3.0 / 2, 0),
  array(0, 9.0 / 16, 9.0 / 16, 9.0 / 4, 9.0 / 4, 0),
  array(0, 27.0 / 64, -27.0 / 64, 27.0 / 8, -27.0 / 8, 1),
);
