// gradX[o, a, i] = Σ gradOutput[o, j, i] over all j that the element a was copied to: its own place; the whole padding beside an edge that
// was repeated; up to two mirrored places. One invocation an element of gradX and turn.

// #include "parts/dtype.wgsl"
// #include "elementwise/parts/pad.wgsl"
@group(0) @binding(0) var<storage, read> gradOutput: array<Element>;
@group(0) @binding(1) var<storage, read_write> gradX: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let size = p.before + p.size + p.after;
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let row = i32(e / p.inner);
    let a = row % p.size;
    let begin = u32(row / p.size * size) * p.inner + e % p.inner;
    let own = p.before + a;
    let first = select(own, 0, MODE == 1u && a == 0);
    let last = select(own, size - 1, MODE == 1u && a == p.size - 1);
    var sum = 0.0;
    for (var j = first; j <= last; j++) { sum += f32(gradOutput[begin + u32(j) * p.inner]); }
    if (MODE == 2u) {
      let low = p.before - a;
      if (a >= 1 && low >= 0) { sum += f32(gradOutput[begin + u32(low) * p.inner]); }
      let fromEnd = p.size - 1 - a;
      if (fromEnd >= 1 && fromEnd <= p.after) {
        sum += f32(gradOutput[begin + u32(p.before + p.size - 1 + fromEnd) * p.inner]);
      }
    }
    gradX[e] = Element(sum);
  }
}
