// out[z, j] = factor · the reduction of the z-th share of the terms of j, as reduce/parts/axes-term.wgsl says. A workgroup has 256 lanes:
// ACROSS results side by side, which lie side by side in memory too, and for each of them 256 / ACROSS lanes that take turns at its terms.
// out in f32.

// #include "reduce/parts/axes-term.wgsl"
override ACROSS: u32;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> parts: array<f32, 256>;

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let down = 256u / ACROSS;
  let first = group.y * p.share + lane / ACROSS;
  let end = min((group.y + 1u) * p.share, p.terms);
  // The last share has at least one term, but fewer lanes than `down` may have one.
  let lanes = min(down, end - group.y * p.share);
  for (var tile = group.x * ACROSS; tile < p.count; tile += grid.x * ACROSS) {
    let j = tile + lane % ACROSS;
    if (j < p.count && first < end) {
      let begin = beginOf(j);
      var part = term(begin, first);
      for (var r = first + down; r < end; r += down) { part = joined(part, term(begin, r)); }
      parts[lane] = part;
    }
    workgroupBarrier();
    // 16 rows of lanes take in every 16th row, then one takes in those.
    let row = lane / ACROSS;
    if (j < p.count && row < min(16u, lanes)) {
      for (var other = row + 16u; other < lanes; other += 16u) {
        parts[lane] = joined(parts[lane], parts[other * ACROSS + lane % ACROSS]);
      }
    }
    workgroupBarrier();
    if (j < p.count && row == 0u) {
      var total = parts[lane];
      for (var other = 1u; other < min(16u, lanes); other++) { total = joined(total, parts[other * ACROSS + lane]); }
      out[group.y * p.count + j] = total * p.factor;
    }
    workgroupBarrier();
  }
}
