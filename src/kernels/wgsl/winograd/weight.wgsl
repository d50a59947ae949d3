// u[4i + j, c, o] = (G g Gᵀ)[i, j] of the 3 × 3 weights g[r, s] = weight[r, s, c, o].
// FLIPPED: u[4i + j, o, c] of g[r, s] = weight[2 − r, 2 − s, c, o]. With such weights a convolution of dy gives the input gradient.
//   G = 1    0    0
//       1/2  1/2  1/2
//       1/2 −1/2  1/2
//       0    0    1
// weight [3,3,C,O], u [16,C,O] or [16,O,C]; C and O multiples of 4. One invocation transforms 4 × 4 channels, so that both layouts are
// read and written in vec4s.

// #include "conv2d/parts/conv.wgsl"
override FLIPPED: bool;
@group(0) @binding(0) var<storage, read> weight: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> u: array<vec4f>;

// The weights of tap (r, s): a column for each of four c, an element for each of four o.
fn tap(r: u32, s: u32, c: u32, o: u32) -> mat4x4f {
  let at = select(3u * r + s, 8u - 3u * r - s, FLIPPED) * k.c + 4u * c;
  let o4 = k.o / 4u;
  return mat4x4f(weight[at * o4 + o], weight[(at + 1u) * o4 + o], weight[(at + 2u) * o4 + o], weight[(at + 3u) * o4 + o]);
}

fn put(position: u32, c: u32, o: u32, block: mat4x4f) {
  if (FLIPPED) {
    let turned = transpose(block);
    for (var i = 0u; i < 4u; i++) { u[((position * k.o + 4u * o + i) * k.c) / 4u + c] = turned[i]; }
  } else {
    for (var i = 0u; i < 4u; i++) { u[((position * k.c + 4u * c + i) * k.o) / 4u + o] = block[i]; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let c4 = k.c / 4u;
  let o4 = k.o / 4u;
  for (var e = id.x; e < c4 * o4; e += grid.x * 64u) {
    let c = e / o4;
    let o = e % o4;
    // The lines of G g.
    var lines: array<array<mat4x4f, 3>, 4>;
    for (var s = 0u; s < 3u; s++) {
      let first = tap(0u, s, c, o);
      let last = tap(2u, s, c, o);
      let outer = 0.5 * (first + last);
      let middle = 0.5 * tap(1u, s, c, o);
      lines[0][s] = first;
      lines[1][s] = outer + middle;
      lines[2][s] = outer - middle;
      lines[3][s] = last;
    }
    for (var i = 0u; i < 4u; i++) {
      let outer = 0.5 * (lines[i][0] + lines[i][2]);
      let middle = 0.5 * lines[i][1];
      put(4u * i, c, o, lines[i][0]);
      put(4u * i + 1u, c, o, outer + middle);
      put(4u * i + 2u, c, o, outer - middle);
      put(4u * i + 3u, c, o, lines[i][2]);
    }
  }
}
