// u[SIDE i + j, c, o] = (G g Gᵀ)[i, j] of the 3 × 3 weights g[r, s] = weight[r, s, c, o].
// weight [3,3,C,O], u [SIDE²,C,O] in panels; O a multiple of 4; one invocation four o of a channel c.

struct Weight { c: u32, o: u32 }
var<immediate> k: Weight;
// #include "winograd/parts/form.wgsl"
// #include "winograd/parts/panels.wgsl"
override PANEL: u32; // vec4s of columns that lie together
@group(0) @binding(0) var<storage, read> weight: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> u: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let o4 = k.o / 4u;
  let count = k.c * o4;
  for (var e = id.x; e < count; e += grid.x * 64u) {
    var sums = array<array<vec4f, SIDE>, SIDE>();
    for (var s = 0u; s < 3u; s++) {
      var column = array<vec4f, SIDE>(); // of G g
      for (var r = 0u; r < 3u; r++) {
        let g = weight[(3u * r + s) * count + e];
        for (var i = 0u; i < SIDE; i++) { column[i] += WEIGHT[i][r] * g; }
      }
      for (var i = 0u; i < SIDE; i++) {
        for (var j = 0u; j < SIDE; j++) { sums[i][j] += WEIGHT[j][s] * column[i]; }
      }
    }
    let at = panelled(e / o4, e % o4, k.c, o4, PANEL);
    for (var i = 0u; i < SIDE; i++) {
      for (var j = 0u; j < SIDE; j++) { u[(SIDE * i + j) * count + at] = sums[i][j]; }
    }
  }
}
