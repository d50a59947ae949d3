// v[4i + j, t, c] = (Bᵀ d B)[i, j] of the 4 × 4 pixels d of x under tile t, which is 2 × 2 outputs of a 3 × 3 convolution of stride 1.
//   Bᵀ = 1  0 −1  0
//        0  1  1  0
//        0 −1  1  0
//        0  1  0 −1
// x [N,H,W,C], v [16,T,C], T = N · ⌈P/2⌉ · ⌈Q/2⌉; C a multiple of 4; one invocation four channels of a tile.
// Winograd's F(2×2, 3×3) in the form of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", arXiv 1509.09308.

// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "winograd/parts/tiles.wgsl"
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> v: array<vec4f>;

// Bᵀ m, where m has four lines of whatever lies in a vec4.
fn transform(m: mat4x4f) -> mat4x4f {
  return mat4x4f(m[0] - m[2], m[1] + m[2], m[2] - m[1], m[1] - m[3]);
}

// Four pixels of a line of x, or zeros where the line, or a pixel, is padding.
fn line(image: u32, h: i32, left: i32, c: u32) -> mat4x4f {
  var pixels = mat4x4f();
  for (var s = 0; s < 4; s++) {
    let w = source(left + s, i32(k.w));
    let inside = h >= 0 && w >= 0;
    let at = select(0u, ((image * k.h + u32(h)) * k.w + u32(w)) * (k.c / 4u) + c, inside);
    pixels[s] = select(vec4f(0), x[at], inside);
  }
  return pixels;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let c4 = k.c / 4u;
  let count = tiles() * c4;
  for (var e = id.x; e < count; e += grid.x * 64u) {
    let tile = tileAt(e / c4);
    let top = i32(2u * tile.row) - i32(k.padding);
    let left = i32(2u * tile.column) - i32(k.padding);
    let line0 = transform(line(tile.image, source(top, i32(k.h)), left, e % c4));
    let line1 = transform(line(tile.image, source(top + 1, i32(k.h)), left, e % c4));
    let line2 = transform(line(tile.image, source(top + 2, i32(k.h)), left, e % c4));
    let line3 = transform(line(tile.image, source(top + 3, i32(k.h)), left, e % c4));
    for (var j = 0u; j < 4u; j++) {
      let column = transform(mat4x4f(line0[j], line1[j], line2[j], line3[j]));
      for (var i = 0u; i < 4u; i++) { v[(4u * i + j) * count + e] = column[i]; }
    }
  }
}
