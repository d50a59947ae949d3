// y[tile t] = activation(bias[o] + Aᵀ m[:, t, o] A), the 2 × 2 outputs of each tile from its 4 × 4 products.
//   Aᵀ = 1 1  1  0
//        0 1 −1 −1
// m [16,T,O], y [N,P,Q,O], T = N · ⌈P/2⌉ · ⌈Q/2⌉; O a multiple of 4; one invocation four channels of a tile.

// #include "conv2d/parts/conv.wgsl"
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
    // The two lines of Aᵀ m.
    var upper = mat4x4f();
    var lower = mat4x4f();
    for (var j = 0u; j < 4u; j++) {
      let m1 = m[(4u + j) * count + e];
      let m2 = m[(8u + j) * count + e];
      upper[j] = m[j * count + e] + m1 + m2;
      lower[j] = m1 - m2 - m[(12u + j) * count + e];
    }
    let tile = tileAt(e / o4);
    let o = e % o4;
    var start = vec4f(0);
    if (BIAS) { start = bias[o]; }
    let row = 2u * tile.row;
    let column = 2u * tile.column;
    let at = ((tile.image * k.p + row) * k.q + column) * o4 + o;
    let wide = column + 1u < k.q;
    let tall = row + 1u < k.p;
    y[at] = activate4(start + upper[0] + upper[1] + upper[2]);
    if (wide) { y[at + o4] = activate4(start + upper[1] - upper[2] - upper[3]); }
    if (tall) { y[at + k.q * o4] = activate4(start + lower[0] + lower[1] + lower[2]); }
    if (wide && tall) { y[at + (k.q + 1u) * o4] = activate4(start + lower[1] - lower[2] - lower[3]); }
  }
}
