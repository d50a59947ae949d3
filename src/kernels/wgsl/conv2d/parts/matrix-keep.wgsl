// Puts an invocation's chunks of the next slab into workgroup memory; see conv2d/parts/matrix-gemm.
  // #include "conv2d/parts/matrix-keep-a.wgsl"
  // #include "conv2d/parts/matrix-keep-b.wgsl"
