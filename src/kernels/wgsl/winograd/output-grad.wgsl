// w[4i + j, t, o] = (A dy Aᵀ)[i, j] of the 2 × 2 gradients of tile t: those of its 4 × 4 products.
//   A = 1  0
//       1  1
//       1 −1
//       0 −1
// dy [N,P,Q,O], w [16,T,O], T = N · ⌈P/2⌉ · ⌈Q/2⌉; O a multiple of 4; one invocation four channels of a tile.

// #include "conv2d/parts/conv.wgsl"
// #include "winograd/parts/tiles.wgsl"
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> w: array<vec4f>;

// A applied to two values.
fn spread(a: vec4f, b: vec4f) -> mat4x4f {
  return mat4x4f(a, a + b, a - b, -b);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let o4 = k.o / 4u;
  let count = tiles() * o4;
  for (var e = id.x; e < count; e += grid.x * 64u) {
    let tile = tileAt(e / o4);
    let row = 2u * tile.row;
    let column = 2u * tile.column;
    let at = ((tile.image * k.p + row) * k.q + column) * o4 + e % o4;
    let wide = column + 1u < k.q;
    let tall = row + 1u < k.p;
    let upper = spread(dy[at], select(vec4f(0), dy[select(at, at + o4, wide)], wide));
    let lower = spread(
      select(vec4f(0), dy[select(at, at + k.q * o4, tall)], tall),
      select(vec4f(0), dy[select(at, at + (k.q + 1u) * o4, wide && tall)], wide && tall),
    );
    for (var j = 0u; j < 4u; j++) {
      let lines = spread(upper[j], lower[j]);
      for (var i = 0u; i < 4u; i++) { w[(4u * i + j) * count + e] = lines[i]; }
    }
  }
}
