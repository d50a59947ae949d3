// Winograd's F(2×2, 3×3), by the points 0, 1, −1 and ∞; in its place form-4x4.wgsl.
const TILE = 2u; // outputs along a side of a tile
const SIDE = 4u; // products along a side: TILE + 2

const INPUT = array<array<f32, SIDE>, SIDE>( // Bᵀ
  array(1, 0, -1, 0),
  array(0, 1, 1, 0),
  array(0, -1, 1, 0),
  array(0, 1, 0, -1),
);
const WEIGHT = array<array<f32, 3>, SIDE>( // G
  array(1, 0, 0),
  array(0.5, 0.5, 0.5),
  array(0.5, -0.5, 0.5),
  array(0, 0, 1),
);
const OUTPUT = array<array<f32, SIDE>, TILE>( // Aᵀ
  array(1, 1, 1, 0),
  array(0, 1, -1, -1),
);
