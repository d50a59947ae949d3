// In place of conv2d/parts/matrix-sums: finds how operands are scaled, and declares a subgroup's results, all 0: of the high parts, and
// of high and low ones. See conv2d/parts/matrix-operands-split.
  findScales(lane);
  var sum00: Result; var cross00: Result; var sum01: Result; var cross01: Result;
  var sum10: Result; var cross10: Result; var sum11: Result; var cross11: Result;
  var sum20: Result; var cross20: Result; var sum21: Result; var cross21: Result;
  var sum30: Result; var cross30: Result; var sum31: Result; var cross31: Result;
