// Puts an invocation's chunks of the next slab into workgroup memory; see conv2d/parts/matrix-gemm.
  keepA(lane, a0);
  if (LOADS_A > 1u) { keepA(lane + LANES, a1); }
  if (LOADS_A > 2u) { keepA(lane + 2u * LANES, a2); }
  if (LOADS_A > 3u) { keepA(lane + 3u * LANES, a3); }
  keepB(lane, b0);
  if (LOADS_B > 1u) { keepB(lane + LANES, b1); }
  if (LOADS_B > 2u) { keepB(lane + 2u * LANES, b2); }
  if (LOADS_B > 3u) { keepB(lane + 3u * LANES, b3); }
