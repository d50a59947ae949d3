// Sixteen lanes: the eight of the other file, and eight more.
// #include "matmul/parts/lanes-dot.wgsl"
            { let e = subgroupBroadcast(own, 8u); acc[LANES * g + 8u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 9u); acc[LANES * g + 9u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 10u); acc[LANES * g + 10u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 11u); acc[LANES * g + 11u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 12u); acc[LANES * g + 12u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 13u); acc[LANES * g + 13u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 14u); acc[LANES * g + 14u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 15u); acc[LANES * g + 15u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
