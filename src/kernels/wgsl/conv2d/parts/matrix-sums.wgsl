// Declares a subgroup's results, all 0; see conv2d/parts/matrix-gemm.
  var sum00: Result; var sum01: Result; var sum02: Result; var sum03: Result;
  var sum10: Result; var sum11: Result; var sum12: Result; var sum13: Result;
  var sum20: Result; var sum21: Result; var sum22: Result; var sum23: Result;
  var sum30: Result; var sum31: Result; var sum32: Result; var sum33: Result;
