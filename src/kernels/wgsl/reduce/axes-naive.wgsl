// out[j] = factor · the reduction of the terms of j, as reduce/parts/axes-term.wgsl says. The obvious form: one invocation a result and
// turn, 256 terms at a time so that rounding does not grow with their number. out in f32.

// #include "reduce/parts/axes-term.wgsl"
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var j = id.x; j < p.count; j += grid.x * 64u) {
    let begin = beginOf(j);
    var total = 0.0;
    for (var first = 0u; first < p.terms; first += 256u) {
      var part = term(begin, first);
      for (var r = first + 1u; r < min(first + 256u, p.terms); r++) { part = joined(part, term(begin, r)); }
      if (first == 0u) { total = part; } else { total = joined(total, part); }
    }
    out[j] = total * p.factor;
  }
}
