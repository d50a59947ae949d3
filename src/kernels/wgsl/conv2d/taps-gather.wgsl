// out[n,h,w,c] = activation(bias[c] + addend[n,h,w,c] + sum of spread[n,i,j,s*C+c] over the TAPS taps s of a line and all i, j that the pixel went to: i a copy of h, and
// j + step*s = a copy of w, where an image that was padded by reflection has mirrored copies too). The transpose of conv2d/taps-spread.
// spread [N,ROWS,COLUMNS,CHANNELS] with CHANNELS >= TAPS*C, out and addend [N,H,W,C] with C at most 4.
//
// Measured 2026-11-30, llvmpipe Mesa 25.0.7, one core, 7 taps of 3 channels at 64x64, two images: 0.37 ms.

// #include "parts/dtype.wgsl"
// #include "parts/activate.wgsl"
// #include "images/parts/mirrors.wgsl"
struct Gather { n: u32, h: u32, w: u32, rows: u32, columns: u32, padding: i32, mirrored: i32, step: i32 }
var<immediate> k: Gather;
override BIAS: bool;
override ADDEND: bool;
override C: u32;
override TAPS: u32;
override CHANNELS: u32; // of spread
@group(0) @binding(0) var<storage, read> spread: array<Element>;
@group(0) @binding(1) var<storage, read> bias: array<f32>;
@group(0) @binding(2) var<storage, read> addend: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = group.x * 8u + lane % 8u;
  if (column >= k.w) { return; }
  let zeros = k.padding - k.mirrored;
  let across = copiesOf(i32(column), i32(k.w), k.mirrored, k.mirrored);
  for (var line = group.y * 8u + lane / 8u; line < k.n * k.h; line += grid.y * 8u) {
    let n = line / k.h;
    let row = i32(line - n * k.h);
    var sum = vec4f(0);
    if (BIAS) {
      for (var c = 0u; c < C; c++) { sum[c] = bias[c]; }
    }
    let down = copiesOf(row, i32(k.h), k.mirrored, k.mirrored);
    for (var a = 0u; a < down; a++) {
      let i = u32(copyOf(row, i32(k.h), k.mirrored, a) + zeros);
      let start = (n * k.rows + i) * k.columns;
      for (var b = 0u; b < across; b++) {
        let w = copyOf(i32(column), i32(k.w), k.mirrored, b) + zeros;
        for (var s = 0u; s < TAPS; s++) {
          let j = w + k.step * i32(s);
          let inside = j >= 0 && j < i32(k.columns);
          let at = select(0u, (start + u32(j)) * CHANNELS + s * C, inside);
          for (var c = 0u; c < C; c++) { sum[c] += select(0.0, f32(spread[at + c]), inside); }
        }
      }
    }
    let first = (line * k.w + column) * C;
    for (var c = 0u; c < C; c++) {
      if (ADDEND) { sum[c] += f32(addend[first + c]); }
      out[first + c] = Element(activate(sum[c]));
    }
  }
}
