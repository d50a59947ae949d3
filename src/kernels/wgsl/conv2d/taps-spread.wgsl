// spread[n,i,j,s*C+c] = image[n, source(i - top), source(j + step*s - left), c] for the TAPS taps s of a line, or 0 where that is padding; the channels
// from TAPS*C on are 0. So a convolution along lines becomes one of more channels.
// image [N,H,W,C], spread [N,ROWS,COLUMNS,4*PARTS] with 4*PARTS >= TAPS*C.
//
// A workgroup is 8 x 8 pixels, and an invocation all channels of one: what each would divide by to know its place costs llvmpipe as much as
// the channels do.
//
// Measured 2026-11-30, llvmpipe Mesa 25.0.7, one core, 7 taps of 3 channels at 64x64, two images: 0.33 ms.

// #include "parts/dtype.wgsl"
struct Spread { n: u32, h: u32, w: u32, rows: u32, columns: u32, top: i32, left: i32, step: i32, reflect: u32 }
var<immediate> k: Spread;
// #include "conv2d/parts/source.wgsl"
override C: u32;
override TAPS: u32;
override PARTS: u32; // vec4s of a pixel of spread
@group(0) @binding(0) var<storage, read> image: array<Element>;
@group(0) @binding(1) var<storage, read_write> spread: array<Element4>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = group.x * 8u + lane % 8u;
  if (column >= k.columns) { return; }
  for (var line = group.y * 8u + lane / 8u; line < k.n * k.rows; line += grid.y * 8u) {
    let n = line / k.rows;
    let h = source(i32(line - n * k.rows) - k.top, i32(k.h));
    let start = i32(n * k.h) + h;
    for (var part = 0u; part < PARTS; part++) {
      var own = vec4f(0);
      for (var i = 0u; i < 4u; i++) {
        let tap = (4u * part + i) / C;
        if (tap < TAPS) {
          let w = source(i32(column) + k.step * i32(tap) - k.left, i32(k.w));
          let inside = h >= 0 && w >= 0;
          let at = select(0u, u32(start * i32(k.w) + w) * C + (4u * part + i) % C, inside);
          own[i] = select(0.0, f32(image[at]), inside);
        }
      }
      spread[(line * k.columns + column) * PARTS + part] = Element4(own);
    }
  }
}
