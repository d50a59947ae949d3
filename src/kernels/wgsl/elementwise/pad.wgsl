// out[o, j, i] = x[o, source(j − before), i], or 0 where the source is outside. out [outer, before + size + after, inner]; one invocation an
// element of out and turn.

// #include "parts/dtype.wgsl"
// #include "parts/fold.wgsl"
// #include "elementwise/parts/pad.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;

fn source(at: i32) -> i32 {
  switch MODE {
    case 0u: { return at; }
    case 1u: { return clamp(at, 0, p.size - 1); }
    default: { return fold(at, p.size); }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let size = u32(p.before + p.size + p.after);
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let row = e / p.inner;
    let at = source(i32(row % size) - p.before);
    let inside = at >= 0 && at < p.size;
    let place = (row / size * u32(p.size) + u32(select(0, at, inside))) * p.inner + e % p.inner;
    out[e] = select(Element(), x[place], inside);
  }
}
