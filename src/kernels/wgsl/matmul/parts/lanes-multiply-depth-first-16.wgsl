// As lanes-multiply-depth-first.wgsl, for 16 lanes.
      { let e = subgroupBroadcast(own, 0u); acc[0] += e.x * columns; acc[1] += e.y * columns; acc[2] += e.z * columns; acc[3] += e.w * columns; }
      { let e = subgroupBroadcast(own, 1u); acc[4] += e.x * columns; acc[5] += e.y * columns; acc[6] += e.z * columns; acc[7] += e.w * columns; }
      { let e = subgroupBroadcast(own, 2u); acc[8] += e.x * columns; acc[9] += e.y * columns; acc[10] += e.z * columns; acc[11] += e.w * columns; }
      { let e = subgroupBroadcast(own, 3u); acc[12] += e.x * columns; acc[13] += e.y * columns; acc[14] += e.z * columns; acc[15] += e.w * columns; }
      { let e = subgroupBroadcast(own, 4u); acc[16] += e.x * columns; acc[17] += e.y * columns; acc[18] += e.z * columns; acc[19] += e.w * columns; }
      { let e = subgroupBroadcast(own, 5u); acc[20] += e.x * columns; acc[21] += e.y * columns; acc[22] += e.z * columns; acc[23] += e.w * columns; }
      { let e = subgroupBroadcast(own, 6u); acc[24] += e.x * columns; acc[25] += e.y * columns; acc[26] += e.z * columns; acc[27] += e.w * columns; }
      { let e = subgroupBroadcast(own, 7u); acc[28] += e.x * columns; acc[29] += e.y * columns; acc[30] += e.z * columns; acc[31] += e.w * columns; }
      { let e = subgroupBroadcast(own, 8u); acc[32] += e.x * columns; acc[33] += e.y * columns; acc[34] += e.z * columns; acc[35] += e.w * columns; }
      { let e = subgroupBroadcast(own, 9u); acc[36] += e.x * columns; acc[37] += e.y * columns; acc[38] += e.z * columns; acc[39] += e.w * columns; }
      { let e = subgroupBroadcast(own, 10u); acc[40] += e.x * columns; acc[41] += e.y * columns; acc[42] += e.z * columns; acc[43] += e.w * columns; }
      { let e = subgroupBroadcast(own, 11u); acc[44] += e.x * columns; acc[45] += e.y * columns; acc[46] += e.z * columns; acc[47] += e.w * columns; }
      { let e = subgroupBroadcast(own, 12u); acc[48] += e.x * columns; acc[49] += e.y * columns; acc[50] += e.z * columns; acc[51] += e.w * columns; }
      { let e = subgroupBroadcast(own, 13u); acc[52] += e.x * columns; acc[53] += e.y * columns; acc[54] += e.z * columns; acc[55] += e.w * columns; }
      { let e = subgroupBroadcast(own, 14u); acc[56] += e.x * columns; acc[57] += e.y * columns; acc[58] += e.z * columns; acc[59] += e.w * columns; }
      { let e = subgroupBroadcast(own, 15u); acc[60] += e.x * columns; acc[61] += e.y * columns; acc[62] += e.z * columns; acc[63] += e.w * columns; }
