// dw[r, s, c, o] (+)= (Gᵀ du[:, c, o] G)[r, s], the gradient of 3 × 3 weights from that of their SIDE × SIDE transforms.
// du [SIDE²,C,O], dw [3,3,C,O]; flat over vec4s.

struct Params { vec4s: u32, accumulate: u32 }
var<immediate> p: Params;
// #include "winograd/parts/form.wgsl"
@group(0) @binding(0) var<storage, read> du: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> dw: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < p.vec4s; e += grid.x * 64u) {
    var sums = array<array<vec4f, 3>, 3>();
    for (var i = 0u; i < SIDE; i++) {
      var line = array<vec4f, 3>(); // of du G
      for (var j = 0u; j < SIDE; j++) {
        let own = du[(SIDE * i + j) * p.vec4s + e];
        for (var s = 0u; s < 3u; s++) { if (WEIGHT[j][s] != 0) { line[s] += WEIGHT[j][s] * own; } }
      }
      for (var r = 0u; r < 3u; r++) {
        for (var s = 0u; s < 3u; s++) { if (WEIGHT[i][r] != 0) { sums[r][s] += WEIGHT[i][r] * line[s]; } }
      }
    }
    for (var r = 0u; r < 3u; r++) {
      for (var s = 0u; s < 3u; s++) {
        let at = (3u * r + s) * p.vec4s + e;
        var sum = sums[r][s];
        if (p.accumulate == 1u) { sum += dw[at]; }
        dw[at] = sum;
      }
    }
  }
}
