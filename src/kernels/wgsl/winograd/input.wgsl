// v[SIDE i + j, t, c] = (Bᵀ d B)[i, j] of the SIDE × SIDE pixels d of x under tile t, which is TILE × TILE outputs of a 3 × 3 convolution
// of stride 1.
// x [N,H,W,C], v [SIDE²,T,C], T = N · ⌈P/TILE⌉ · ⌈Q/TILE⌉; C a multiple of 4; one invocation four channels of a tile.
// Winograd's transforms in the form of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308.

// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "winograd/parts/form.wgsl"
// #include "winograd/parts/tiles.wgsl"
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> v: array<vec4f>;

// A pixel of x, or zeros where its line or column, which `source` tells, is padding.
fn pixel(image: u32, h: i32, w: i32, c: u32) -> vec4f {
  let inside = h >= 0 && w >= 0;
  let at = select(0u, ((image * k.h + u32(h)) * k.w + u32(w)) * (k.c / 4u) + c, inside);
  return select(vec4f(0), x[at], inside);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let c4 = k.c / 4u;
  let count = tiles() * c4;
  for (var e = id.x; e < count; e += grid.x * 64u) {
    let tile = tileAt(e / c4);
    let top = i32(TILE * tile.row) - i32(k.padding);
    let left = i32(TILE * tile.column) - i32(k.padding);
    var sums = array<array<vec4f, SIDE>, SIDE>();
    for (var s = 0u; s < SIDE; s++) {
      let w = source(left + i32(s), i32(k.w));
      var column = array<vec4f, SIDE>(); // of Bᵀ d
      for (var r = 0u; r < SIDE; r++) {
        let d = pixel(tile.image, source(top + i32(r), i32(k.h)), w, e % c4);
        for (var i = 0u; i < SIDE; i++) { column[i] += INPUT[i][r] * d; }
      }
      for (var i = 0u; i < SIDE; i++) {
        for (var j = 0u; j < SIDE; j++) { sums[i][j] += INPUT[j][s] * column[i]; }
      }
    }
    for (var i = 0u; i < SIDE; i++) {
      for (var j = 0u; j < SIDE; j++) { v[(SIDE * i + j) * count + e] = sums[i][j]; }
    }
  }
}
