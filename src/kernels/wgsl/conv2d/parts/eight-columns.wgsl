// Eight numbers that the lanes hold, one each, for all of them: the columns of kernels whose lanes are rows.
fn lowOf(own: f32) -> vec4f {
  return vec4f(subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u));
}

fn highOf(own: f32) -> vec4f {
  return vec4f(subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u), subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u));
}

fn oneOf(low: vec4f, high: vec4f, i: u32) -> f32 { return select(high[i % 4u], low[i % 4u], i < 4u); }
