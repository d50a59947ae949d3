// Sixteen lanes: the eight of the other file, and eight more.
// #include "matmul/parts/lanes-multiply-depth-first.wgsl"
      { let e = subgroupBroadcast(own, 8u); acc[32] += e.x * columns; acc[33] += e.y * columns; acc[34] += e.z * columns; acc[35] += e.w * columns; }
      { let e = subgroupBroadcast(own, 9u); acc[36] += e.x * columns; acc[37] += e.y * columns; acc[38] += e.z * columns; acc[39] += e.w * columns; }
      { let e = subgroupBroadcast(own, 10u); acc[40] += e.x * columns; acc[41] += e.y * columns; acc[42] += e.z * columns; acc[43] += e.w * columns; }
      { let e = subgroupBroadcast(own, 11u); acc[44] += e.x * columns; acc[45] += e.y * columns; acc[46] += e.z * columns; acc[47] += e.w * columns; }
      { let e = subgroupBroadcast(own, 12u); acc[48] += e.x * columns; acc[49] += e.y * columns; acc[50] += e.z * columns; acc[51] += e.w * columns; }
      { let e = subgroupBroadcast(own, 13u); acc[52] += e.x * columns; acc[53] += e.y * columns; acc[54] += e.z * columns; acc[55] += e.w * columns; }
      { let e = subgroupBroadcast(own, 14u); acc[56] += e.x * columns; acc[57] += e.y * columns; acc[58] += e.z * columns; acc[59] += e.w * columns; }
      { let e = subgroupBroadcast(own, 15u); acc[60] += e.x * columns; acc[61] += e.y * columns; acc[62] += e.z * columns; acc[63] += e.w * columns; }
