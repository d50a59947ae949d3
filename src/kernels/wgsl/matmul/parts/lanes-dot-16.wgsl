// As lanes-dot.wgsl, for 16 lanes.
            { let e = subgroupBroadcast(own, 0u); acc[LANES * g + 0u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 1u); acc[LANES * g + 1u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 2u); acc[LANES * g + 2u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 3u); acc[LANES * g + 3u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 4u); acc[LANES * g + 4u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 5u); acc[LANES * g + 5u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 6u); acc[LANES * g + 6u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 7u); acc[LANES * g + 7u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 8u); acc[LANES * g + 8u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 9u); acc[LANES * g + 9u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 10u); acc[LANES * g + 10u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 11u); acc[LANES * g + 11u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 12u); acc[LANES * g + 12u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 13u); acc[LANES * g + 13u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 14u); acc[LANES * g + 14u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 15u); acc[LANES * g + 15u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
