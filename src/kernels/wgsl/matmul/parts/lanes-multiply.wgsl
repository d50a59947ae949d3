// Text of main, for four depth steps: every lane has loaded them of one row of group g, `own`, and of its columns, b0 to b3. Hands
// the row of each lane to all lanes in turn, and adds the products to acc.
          { let e = subgroupBroadcast(own, 0u); acc[LANES * g + 0u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 1u); acc[LANES * g + 1u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 2u); acc[LANES * g + 2u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 3u); acc[LANES * g + 3u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 4u); acc[LANES * g + 4u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 5u); acc[LANES * g + 5u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 6u); acc[LANES * g + 6u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 7u); acc[LANES * g + 7u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
