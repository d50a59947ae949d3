// d[SIDE r + s, t, c] = (B m[:, t, c] Bᵀ)[r, s], what the SIDE × SIDE products of tile t give the gradients of the SIDE × SIDE pixels under it.
// m, d [SIDE²,T,C], T = N · ⌈P/TILE⌉ · ⌈Q/TILE⌉; C a multiple of 4; one invocation four channels of a tile.

// #include "conv2d/parts/conv.wgsl"
// #include "winograd/parts/form.wgsl"
// #include "winograd/parts/tiles.wgsl"
@group(0) @binding(0) var<storage, read> m: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> d: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = tiles() * (k.c / 4u);
  for (var e = id.x; e < count; e += grid.x * 64u) {
    var sums = array<array<vec4f, SIDE>, SIDE>();
    for (var j = 0u; j < SIDE; j++) {
      var column = array<vec4f, SIDE>(); // of B m
      for (var i = 0u; i < SIDE; i++) {
        let product = m[(SIDE * i + j) * count + e];
        for (var r = 0u; r < SIDE; r++) { column[r] += INPUT[i][r] * product; }
      }
      for (var r = 0u; r < SIDE; r++) {
        for (var s = 0u; s < SIDE; s++) { sums[r][s] += INPUT[j][s] * column[r]; }
      }
    }
    for (var r = 0u; r < SIDE; r++) {
      for (var s = 0u; s < SIDE; s++) { d[(SIDE * r + s) * count + e] = sums[r][s]; }
    }
  }
}
