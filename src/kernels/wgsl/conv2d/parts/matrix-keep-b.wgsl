// Of conv2d/parts/matrix-keep the chunks of operand b.
  keepB(lane, b0);
  if (LOADS_B > 1u) { keepB(lane + LANES, b1); }
  if (LOADS_B > 2u) { keepB(lane + 2u * LANES, b2); }
  if (LOADS_B > 3u) { keepB(lane + 3u * LANES, b3); }
