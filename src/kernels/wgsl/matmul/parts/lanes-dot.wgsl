// As lanes-multiply.wgsl, where b0 to b3 hold the four depth steps of a column each.
            { let e = subgroupBroadcast(own, 0u); acc[LANES * g + 0u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 1u); acc[LANES * g + 1u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 2u); acc[LANES * g + 2u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 3u); acc[LANES * g + 3u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 4u); acc[LANES * g + 4u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 5u); acc[LANES * g + 5u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 6u); acc[LANES * g + 6u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(own, 7u); acc[LANES * g + 7u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
