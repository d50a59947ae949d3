// In place of conv2d/parts/matrix-write: writes a subgroup's results, a matrix at a time; see conv2d/parts/matrix-operands-split.
  {
    writeMatrix(sum00, cross00, subgroup, lane_in_subgroup, firstRow + row, firstColumn + column);
    if (ACROSS_EACH > 1u) { writeMatrix(sum01, cross01, subgroup, lane_in_subgroup, firstRow + row, firstColumn + column + N); }
  }
  if (DOWN_EACH > 1u) {
    writeMatrix(sum10, cross10, subgroup, lane_in_subgroup, firstRow + row + M, firstColumn + column);
    if (ACROSS_EACH > 1u) { writeMatrix(sum11, cross11, subgroup, lane_in_subgroup, firstRow + row + M, firstColumn + column + N); }
  }
  if (DOWN_EACH > 2u) {
    writeMatrix(sum20, cross20, subgroup, lane_in_subgroup, firstRow + row + 2u * M, firstColumn + column);
    if (ACROSS_EACH > 1u) { writeMatrix(sum21, cross21, subgroup, lane_in_subgroup, firstRow + row + 2u * M, firstColumn + column + N); }
  }
  if (DOWN_EACH > 3u) {
    writeMatrix(sum30, cross30, subgroup, lane_in_subgroup, firstRow + row + 3u * M, firstColumn + column);
    if (ACROSS_EACH > 1u) { writeMatrix(sum31, cross31, subgroup, lane_in_subgroup, firstRow + row + 3u * M, firstColumn + column + N); }
  }
