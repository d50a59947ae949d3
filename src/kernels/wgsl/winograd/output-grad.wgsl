// w[SIDE i + j, t, o] = (A dy Aᵀ)[i, j] of the TILE × TILE gradients of tile t: those of its SIDE × SIDE products.
// dy [N,P,Q,O], w [SIDE²,T,O], T = N · ⌈P/TILE⌉ · ⌈Q/TILE⌉; O a multiple of 4; one invocation four channels of a tile.

// #include "conv2d/parts/conv.wgsl"
// #include "winograd/parts/form.wgsl"
// #include "winograd/parts/tiles.wgsl"
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> w: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let o4 = k.o / 4u;
  let count = tiles() * o4;
  for (var e = id.x; e < count; e += grid.x * 64u) {
    let tile = tileAt(e / o4);
    var sums = array<array<vec4f, SIDE>, SIDE>();
    for (var s = 0u; s < TILE; s++) {
      let q = TILE * tile.column + s;
      var column = array<vec4f, SIDE>(); // of A dy
      for (var r = 0u; r < TILE; r++) {
        let p = TILE * tile.row + r;
        let inside = p < k.p && q < k.q;
        let at = select(0u, ((tile.image * k.p + p) * k.q + q) * o4 + e % o4, inside);
        let d = select(vec4f(0), dy[at], inside);
        for (var i = 0u; i < SIDE; i++) { column[i] += OUTPUT[r][i] * d; }
      }
      for (var i = 0u; i < SIDE; i++) {
        for (var j = 0u; j < SIDE; j++) { sums[i][j] += OUTPUT[s][j] * column[i]; }
      }
    }
    for (var i = 0u; i < SIDE; i++) {
      for (var j = 0u; j < SIDE; j++) { w[(SIDE * i + j) * count + e] = sums[i][j]; }
    }
  }
}
