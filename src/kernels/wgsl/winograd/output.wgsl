// y[tile t] = activation(bias[o] + Aᵀ m[:, t, o] A), the TILE × TILE outputs of each tile from its SIDE × SIDE products.
// m [SIDE²,T,O], y [N,P,Q,O], T = N · ⌈P/TILE⌉ · ⌈Q/TILE⌉; O a multiple of 4; one invocation four channels of a tile.

// #include "conv2d/parts/conv.wgsl"
// #include "winograd/parts/form.wgsl"
// #include "winograd/parts/tiles.wgsl"
// #include "parts/activate.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> m: array<vec4f>;
@group(0) @binding(1) var<storage, read> bias: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let o4 = k.o / 4u;
  let count = tiles() * o4;
  for (var e = id.x; e < count; e += grid.x * 64u) {
    var start = vec4f(0);
    if (BIAS) { start = bias[e % o4]; }
    var sums = array<array<vec4f, TILE>, TILE>();
    for (var r = 0u; r < TILE; r++) {
      for (var s = 0u; s < TILE; s++) { sums[r][s] = start; }
    }
    for (var j = 0u; j < SIDE; j++) {
      var column = array<vec4f, TILE>(); // of Aᵀ m
      for (var i = 0u; i < SIDE; i++) {
        let product = m[(SIDE * i + j) * count + e];
        for (var r = 0u; r < TILE; r++) { column[r] += OUTPUT[r][i] * product; }
      }
      for (var r = 0u; r < TILE; r++) {
        for (var s = 0u; s < TILE; s++) { sums[r][s] += OUTPUT[s][j] * column[r]; }
      }
    }
    let tile = tileAt(e / o4);
    for (var r = 0u; r < TILE; r++) {
      let p = TILE * tile.row + r;
      for (var s = 0u; s < TILE; s++) {
        let q = TILE * tile.column + s;
        if (p < k.p && q < k.q) { y[((tile.image * k.p + p) * k.q + q) * o4 + e % o4] = activate4(sums[r][s]); }
      }
    }
  }
}
