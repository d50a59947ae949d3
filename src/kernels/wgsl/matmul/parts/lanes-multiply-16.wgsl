// As lanes-multiply.wgsl, for 16 lanes.
          { let e = subgroupBroadcast(own, 0u); acc[LANES * g + 0u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 1u); acc[LANES * g + 1u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 2u); acc[LANES * g + 2u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 3u); acc[LANES * g + 3u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 4u); acc[LANES * g + 4u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 5u); acc[LANES * g + 5u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 6u); acc[LANES * g + 6u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 7u); acc[LANES * g + 7u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 8u); acc[LANES * g + 8u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 9u); acc[LANES * g + 9u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 10u); acc[LANES * g + 10u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 11u); acc[LANES * g + 11u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 12u); acc[LANES * g + 12u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 13u); acc[LANES * g + 13u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 14u); acc[LANES * g + 14u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 15u); acc[LANES * g + 15u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
