// Adds the product of the present slabs to a subgroup's results; see conv2d/parts/matrix-gemm. The conditions leave
// out what a tile with fewer than 4 × 4 matrices does not have.
  for (var step = 0u; step < SLAB; step += K) {
    let right0 = rightOf(0u, step, column);
    let right1 = rightOf(0u, step, column + min(1u, ACROSS_EACH - 1u) * N);
    let right2 = rightOf(0u, step, column + min(2u, ACROSS_EACH - 1u) * N);
    let right3 = rightOf(0u, step, column + min(3u, ACROSS_EACH - 1u) * N);
    {
      let left = leftOf(0u, row, step);
      sum00 = subgroupMatrixMultiplyAccumulate(left, right0, sum00);
      if (ACROSS_EACH > 1u) { sum01 = subgroupMatrixMultiplyAccumulate(left, right1, sum01); }
      if (ACROSS_EACH > 2u) { sum02 = subgroupMatrixMultiplyAccumulate(left, right2, sum02); }
      if (ACROSS_EACH > 3u) { sum03 = subgroupMatrixMultiplyAccumulate(left, right3, sum03); }
    }
    if (DOWN_EACH > 1u) {
      let left = leftOf(0u, row + M, step);
      sum10 = subgroupMatrixMultiplyAccumulate(left, right0, sum10);
      if (ACROSS_EACH > 1u) { sum11 = subgroupMatrixMultiplyAccumulate(left, right1, sum11); }
      if (ACROSS_EACH > 2u) { sum12 = subgroupMatrixMultiplyAccumulate(left, right2, sum12); }
      if (ACROSS_EACH > 3u) { sum13 = subgroupMatrixMultiplyAccumulate(left, right3, sum13); }
    }
    if (DOWN_EACH > 2u) {
      let left = leftOf(0u, row + 2u * M, step);
      sum20 = subgroupMatrixMultiplyAccumulate(left, right0, sum20);
      if (ACROSS_EACH > 1u) { sum21 = subgroupMatrixMultiplyAccumulate(left, right1, sum21); }
      if (ACROSS_EACH > 2u) { sum22 = subgroupMatrixMultiplyAccumulate(left, right2, sum22); }
      if (ACROSS_EACH > 3u) { sum23 = subgroupMatrixMultiplyAccumulate(left, right3, sum23); }
    }
    if (DOWN_EACH > 3u) {
      let left = leftOf(0u, row + 3u * M, step);
      sum30 = subgroupMatrixMultiplyAccumulate(left, right0, sum30);
      if (ACROSS_EACH > 1u) { sum31 = subgroupMatrixMultiplyAccumulate(left, right1, sum31); }
      if (ACROSS_EACH > 2u) { sum32 = subgroupMatrixMultiplyAccumulate(left, right2, sum32); }
      if (ACROSS_EACH > 3u) { sum33 = subgroupMatrixMultiplyAccumulate(left, right3, sum33); }
    }
  }
