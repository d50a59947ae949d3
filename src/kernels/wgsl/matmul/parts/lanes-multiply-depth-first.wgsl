// Text of main, for one depth step: every lane has loaded four rows, `own`, and four columns. Hands the rows of each lane to all
// lanes in turn, and adds their products with the columns to acc.
      { let e = subgroupBroadcast(own, 0u); acc[0] += e.x * columns; acc[1] += e.y * columns; acc[2] += e.z * columns; acc[3] += e.w * columns; }
      { let e = subgroupBroadcast(own, 1u); acc[4] += e.x * columns; acc[5] += e.y * columns; acc[6] += e.z * columns; acc[7] += e.w * columns; }
      { let e = subgroupBroadcast(own, 2u); acc[8] += e.x * columns; acc[9] += e.y * columns; acc[10] += e.z * columns; acc[11] += e.w * columns; }
      { let e = subgroupBroadcast(own, 3u); acc[12] += e.x * columns; acc[13] += e.y * columns; acc[14] += e.z * columns; acc[15] += e.w * columns; }
      { let e = subgroupBroadcast(own, 4u); acc[16] += e.x * columns; acc[17] += e.y * columns; acc[18] += e.z * columns; acc[19] += e.w * columns; }
      { let e = subgroupBroadcast(own, 5u); acc[20] += e.x * columns; acc[21] += e.y * columns; acc[22] += e.z * columns; acc[23] += e.w * columns; }
      { let e = subgroupBroadcast(own, 6u); acc[24] += e.x * columns; acc[25] += e.y * columns; acc[26] += e.z * columns; acc[27] += e.w * columns; }
      { let e = subgroupBroadcast(own, 7u); acc[28] += e.x * columns; acc[29] += e.y * columns; acc[30] += e.z * columns; acc[31] += e.w * columns; }
