// Sixteen lanes: the eight of the other file, and eight more.
// #include "matmul/parts/lanes-multiply.wgsl"
          { let e = subgroupBroadcast(own, 8u); acc[LANES * g + 8u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 9u); acc[LANES * g + 9u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 10u); acc[LANES * g + 10u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 11u); acc[LANES * g + 11u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 12u); acc[LANES * g + 12u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 13u); acc[LANES * g + 13u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 14u); acc[LANES * g + 14u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
          { let e = subgroupBroadcast(own, 15u); acc[LANES * g + 15u] += e.x * b0 + e.y * b1 + e.z * b2 + e.w * b3; }
