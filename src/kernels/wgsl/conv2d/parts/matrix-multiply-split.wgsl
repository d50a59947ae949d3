// In place of conv2d/parts/matrix-multiply: adds the products of high parts, and those of high and low ones, to a subgroup's results; see
// conv2d/parts/matrix-operands-split. The conditions leave out what a tile with fewer than 4 × 2 matrices does not have.
  for (var step = 0u; step < SLAB; step += K) {
    let right0 = rightOf(0u, step, column);
    let rightLow0 = rightOf(SIZE_B, step, column);
    let right1 = rightOf(0u, step, column + min(1u, ACROSS_EACH - 1u) * N);
    let rightLow1 = rightOf(SIZE_B, step, column + min(1u, ACROSS_EACH - 1u) * N);
    {
      let left = leftOf(0u, row, step);
      let leftLow = leftOf(SIZE_A, row, step);
      sum00 = subgroupMatrixMultiplyAccumulate(left, right0, sum00);
      cross00 = subgroupMatrixMultiplyAccumulate(left, rightLow0, cross00);
      cross00 = subgroupMatrixMultiplyAccumulate(leftLow, right0, cross00);
      if (ACROSS_EACH > 1u) {
        sum01 = subgroupMatrixMultiplyAccumulate(left, right1, sum01);
        cross01 = subgroupMatrixMultiplyAccumulate(left, rightLow1, cross01);
        cross01 = subgroupMatrixMultiplyAccumulate(leftLow, right1, cross01);
      }
    }
    if (DOWN_EACH > 1u) {
      let left = leftOf(0u, row + M, step);
      let leftLow = leftOf(SIZE_A, row + M, step);
      sum10 = subgroupMatrixMultiplyAccumulate(left, right0, sum10);
      cross10 = subgroupMatrixMultiplyAccumulate(left, rightLow0, cross10);
      cross10 = subgroupMatrixMultiplyAccumulate(leftLow, right0, cross10);
      if (ACROSS_EACH > 1u) {
        sum11 = subgroupMatrixMultiplyAccumulate(left, right1, sum11);
        cross11 = subgroupMatrixMultiplyAccumulate(left, rightLow1, cross11);
        cross11 = subgroupMatrixMultiplyAccumulate(leftLow, right1, cross11);
      }
    }
    if (DOWN_EACH > 2u) {
      let left = leftOf(0u, row + 2u * M, step);
      let leftLow = leftOf(SIZE_A, row + 2u * M, step);
      sum20 = subgroupMatrixMultiplyAccumulate(left, right0, sum20);
      cross20 = subgroupMatrixMultiplyAccumulate(left, rightLow0, cross20);
      cross20 = subgroupMatrixMultiplyAccumulate(leftLow, right0, cross20);
      if (ACROSS_EACH > 1u) {
        sum21 = subgroupMatrixMultiplyAccumulate(left, right1, sum21);
        cross21 = subgroupMatrixMultiplyAccumulate(left, rightLow1, cross21);
        cross21 = subgroupMatrixMultiplyAccumulate(leftLow, right1, cross21);
      }
    }
    if (DOWN_EACH > 3u) {
      let left = leftOf(0u, row + 3u * M, step);
      let leftLow = leftOf(SIZE_A, row + 3u * M, step);
      sum30 = subgroupMatrixMultiplyAccumulate(left, right0, sum30);
      cross30 = subgroupMatrixMultiplyAccumulate(left, rightLow0, cross30);
      cross30 = subgroupMatrixMultiplyAccumulate(leftLow, right0, cross30);
      if (ACROSS_EACH > 1u) {
        sum31 = subgroupMatrixMultiplyAccumulate(left, right1, sum31);
        cross31 = subgroupMatrixMultiplyAccumulate(left, rightLow1, cross31);
        cross31 = subgroupMatrixMultiplyAccumulate(leftLow, right1, cross31);
      }
    }
  }
