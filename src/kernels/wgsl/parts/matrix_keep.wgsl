// Puts an invocation's chunks of the next slab into buffer `next`; see matrix_gemm.
  keepA(next, lane, a0);
  if (LOADS_A > 1u) { keepA(next, lane + LANES, a1); }
  if (LOADS_A > 2u) { keepA(next, lane + 2u * LANES, a2); }
  if (LOADS_A > 3u) { keepA(next, lane + 3u * LANES, a3); }
  keepB(next, lane, b0);
  if (LOADS_B > 1u) { keepB(next, lane + LANES, b1); }
  if (LOADS_B > 2u) { keepB(next, lane + 2u * LANES, b2); }
  if (LOADS_B > 3u) { keepB(next, lane + 3u * LANES, b3); }
