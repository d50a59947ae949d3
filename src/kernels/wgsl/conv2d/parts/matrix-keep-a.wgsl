// Of conv2d/parts/matrix-keep the chunks of operand a.
  keepA(lane, a0);
  if (LOADS_A > 1u) { keepA(lane + LANES, a1); }
  if (LOADS_A > 2u) { keepA(lane + 2u * LANES, a2); }
  if (LOADS_A > 3u) { keepA(lane + 3u * LANES, a3); }
