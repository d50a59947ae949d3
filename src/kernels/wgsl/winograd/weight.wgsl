// u[SIDE i + j, c, o] = (G g Gᵀ)[i, j] of the 3 × 3 weights g[r, s] = weight[r, s, c, o].
// TRANSPOSED: u[SIDE i + j, o, c], for input gradients.
// weight [3,3,C,O], u [SIDE²,C,O] or [SIDE²,O,C] in panels; C and O multiples of 4. One invocation transforms 4 × 4 channels, so that both layouts
// are read and written in vec4s.

// #include "conv2d/parts/conv.wgsl"
// #include "winograd/parts/panels.wgsl"
// #include "winograd/parts/form.wgsl"
override TRANSPOSED: bool;
override PANEL: u32; // vec4s of columns of u that lie together
@group(0) @binding(0) var<storage, read> weight: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> u: array<vec4f>;

// The weights of tap (r, s): a column for each of four c, an element for each of four o.
fn tap(r: u32, s: u32, c: u32, o: u32) -> mat4x4f {
  let at = (3u * r + s) * k.c + 4u * c;
  let o4 = k.o / 4u;
  return mat4x4f(weight[at * o4 + o], weight[(at + 1u) * o4 + o], weight[(at + 2u) * o4 + o], weight[(at + 3u) * o4 + o]);
}

// Four rows and four columns of the matrix at a place.
fn put(place: u32, c: u32, o: u32, block: mat4x4f) {
  let depth = select(k.c, k.o, TRANSPOSED);
  let columns = select(k.o, k.c, TRANSPOSED) / 4u;
  let row = 4u * select(c, o, TRANSPOSED);
  let column = select(o, c, TRANSPOSED);
  let first = column - column % PANEL;
  let width = panelWidth(first, columns, PANEL);
  let at = place * depth * columns + panelStart(first, depth) + row * width + column - first;
  var rows = block;
  if (TRANSPOSED) { rows = transpose(block); }
  for (var i = 0u; i < 4u; i++) { u[at + i * width] = rows[i]; }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let c4 = k.c / 4u;
  let o4 = k.o / 4u;
  for (var e = id.x; e < c4 * o4; e += grid.x * 64u) {
    let c = e / o4;
    let o = e % o4;
    var g: array<array<mat4x4f, 3>, 3>;
    for (var r = 0u; r < 3u; r++) {
      for (var s = 0u; s < 3u; s++) { g[r][s] = tap(r, s, c, o); }
    }
    for (var i = 0u; i < SIDE; i++) {
      var line = array<mat4x4f, 3>(); // of G g
      for (var s = 0u; s < 3u; s++) { line[s] = WEIGHT[i][0] * g[0][s] + WEIGHT[i][1] * g[1][s] + WEIGHT[i][2] * g[2][s]; }
      for (var j = 0u; j < SIDE; j++) {
        put(SIDE * i + j, c, o, WEIGHT[j][0] * line[0] + WEIGHT[j][1] * line[1] + WEIGHT[j][2] * line[2]);
      }
    }
  }
}
