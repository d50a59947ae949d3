// Writes a subgroup's results, a line of its matrices at a time; see conv2d/parts/matrix-gemm.
  let out = subgroup * SIZE_OUT;
  {
    subgroupMatrixStore<row_major>(&results, out, sum00, LINE_OUT);
    if (ACROSS_EACH > 1u) { subgroupMatrixStore<row_major>(&results, out + N, sum01, LINE_OUT); }
    if (ACROSS_EACH > 2u) { subgroupMatrixStore<row_major>(&results, out + 2u * N, sum02, LINE_OUT); }
    if (ACROSS_EACH > 3u) { subgroupMatrixStore<row_major>(&results, out + 3u * N, sum03, LINE_OUT); }
    workgroupBarrier();
    writeLine(subgroup, lane_in_subgroup, firstRow + row, firstColumn + column);
    workgroupBarrier();
  }
  if (DOWN_EACH > 1u) {
    subgroupMatrixStore<row_major>(&results, out, sum10, LINE_OUT);
    if (ACROSS_EACH > 1u) { subgroupMatrixStore<row_major>(&results, out + N, sum11, LINE_OUT); }
    if (ACROSS_EACH > 2u) { subgroupMatrixStore<row_major>(&results, out + 2u * N, sum12, LINE_OUT); }
    if (ACROSS_EACH > 3u) { subgroupMatrixStore<row_major>(&results, out + 3u * N, sum13, LINE_OUT); }
    workgroupBarrier();
    writeLine(subgroup, lane_in_subgroup, firstRow + row + M, firstColumn + column);
    workgroupBarrier();
  }
  if (DOWN_EACH > 2u) {
    subgroupMatrixStore<row_major>(&results, out, sum20, LINE_OUT);
    if (ACROSS_EACH > 1u) { subgroupMatrixStore<row_major>(&results, out + N, sum21, LINE_OUT); }
    if (ACROSS_EACH > 2u) { subgroupMatrixStore<row_major>(&results, out + 2u * N, sum22, LINE_OUT); }
    if (ACROSS_EACH > 3u) { subgroupMatrixStore<row_major>(&results, out + 3u * N, sum23, LINE_OUT); }
    workgroupBarrier();
    writeLine(subgroup, lane_in_subgroup, firstRow + row + 2u * M, firstColumn + column);
    workgroupBarrier();
  }
  if (DOWN_EACH > 3u) {
    subgroupMatrixStore<row_major>(&results, out, sum30, LINE_OUT);
    if (ACROSS_EACH > 1u) { subgroupMatrixStore<row_major>(&results, out + N, sum31, LINE_OUT); }
    if (ACROSS_EACH > 2u) { subgroupMatrixStore<row_major>(&results, out + 2u * N, sum32, LINE_OUT); }
    if (ACROSS_EACH > 3u) { subgroupMatrixStore<row_major>(&results, out + 3u * N, sum33, LINE_OUT); }
    workgroupBarrier();
    writeLine(subgroup, lane_in_subgroup, firstRow + row + 3u * M, firstColumn + column);
  }
