// dx[n, h, w, c] = bias[c] + Σ d of all tiles that saw the pixel, or a copy of it in the padding, plus addend[n, h, w, c].
// d [SIDE²,T,C], dx and addend [N,H,W,C], T = N · ⌈P/TILE⌉ · ⌈Q/TILE⌉; C a multiple of 4; one invocation four channels of a pixel.

// #include "conv2d/parts/conv.wgsl"
// #include "images/parts/mirrors.wgsl"
// #include "winograd/parts/form.wgsl"
// #include "winograd/parts/tiles.wgsl"
override BIAS: bool;
override ADDEND: bool;
@group(0) @binding(0) var<storage, read> d: array<vec4f>;
@group(0) @binding(1) var<storage, read> bias: array<vec4f>;
@group(0) @binding(2) var<storage, read> addend: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

// Line i of the padded image in the tile that begins there (back = 0), or in the one before: which of its SIDE lines, or −1.
fn lineIn(i: u32, back: u32, count: u32) -> i32 {
  let line = i % TILE + back * TILE;
  return select(-1, i32(line), i / TILE >= back && i / TILE - back < count && line < SIDE);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let c4 = k.c / 4u;
  let down = tilesAlong(k.p);
  let across = tilesAlong(k.q);
  let mirrored = i32(select(0u, k.padding, k.reflect == 1u));
  let zeros = i32(k.padding) - mirrored;
  for (var e = id.x; e < k.n * k.h * k.w * c4; e += grid.x * 64u) {
    let pixel = e / c4;
    let image = pixel / (k.h * k.w);
    var sum = vec4f(0);
    if (BIAS) { sum = bias[e % c4]; }
    for (var a = 0u; a < 3u; a++) {
      let i = copyOf(i32(pixel / k.w % k.h), i32(k.h), mirrored, mirrored, a);
      for (var b = 0u; b < 3u; b++) {
        let j = copyOf(i32(pixel % k.w), i32(k.w), mirrored, mirrored, b);
        if (i < 0 || j < 0) { continue; }
        for (var up = 0u; up < 2u; up++) {
          let r = lineIn(u32(i + zeros), up, down);
          for (var left = 0u; left < 2u; left++) {
            let s = lineIn(u32(j + zeros), left, across);
            if (r < 0 || s < 0) { continue; }
            let tile = (image * down + u32(i + zeros) / TILE - up) * across + u32(j + zeros) / TILE - left;
            sum += d[((SIDE * u32(r) + u32(s)) * tiles() + tile) * c4 + e % c4];
          }
        }
      }
    }
    if (ADDEND) { sum += addend[e]; }
    dx[e] = sum;
  }
}
