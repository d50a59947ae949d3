// Text of main: puts what an invocation loaded of the next slabs in the place of the present ones. See matmul/parts/gemm.
    workgroupBarrier();
    slabA[lane] = a0;
    if (LOADS_A > 1u) { slabA[lane + LANES] = a1; }
    if (LOADS_A > 2u) {
      slabA[lane + 2u * LANES] = a2;
      slabA[lane + 3u * LANES] = a3;
    }
    slabB[lane] = b0;
    if (LOADS_B > 1u) { slabB[lane + LANES] = b1; }
    workgroupBarrier();
