// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w, or a mirror of it under reflection.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C] with C at most 4; O a multiple of 4; reflection at stride 1 only.
//
// As conv2d/forward-thin-output: lanes are pixels of dx, each with all its channels; the 4*C weights of a depth step are loaded by
// the lanes together and handed round. For the gradient that reaches an image.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 7x7 3->32 at 64x64, reflect, 4.0 ms (10 GFLOP/s).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/reader.wgsl"
override BIAS: bool;
override C: u32;
@group(0) @binding(0) var<storage, read> dy: array<Element4>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;

const LANES = 8u;
const GROUPS = 4u;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  // Rows of one phase: image pixels (h, w) that the same taps reach.
  let phaseH = i32(tile.z / k.stride);
  let phaseW = i32(tile.z % k.stride);
  let stride = i32(k.stride);
  let rowsH = (i32(k.h) - phaseH + stride - 1) / stride;
  let rowsW = (i32(k.w) - phaseW + stride - 1) / stride;
  let rows = i32(k.n) * rowsH * rowsW;
  let padding = i32(k.padding);
  let r0 = (phaseH + padding) % stride;
  let s0 = (phaseW + padding) % stride;
  if (i32(tile.x * GROUPS * LANES) >= rows) { return; }
  let o4 = k.o / 4u;
  let lastRow = C - 1u;
  var image: array<i32, GROUPS>;
  var h: array<i32, GROUPS>;
  var w: array<i32, GROUPS>;
  var row: array<i32, GROUPS>;
  var col: array<i32, GROUPS>;
  for (var g = 0u; g < GROUPS; g++) {
    let m = min(i32((tile.x * GROUPS + g) * LANES + lane), rows - 1);
    image[g] = m / (rowsH * rowsW);
    h[g] = m / rowsW % rowsH * stride + phaseH;
    w[g] = m % rowsW * stride + phaseW;
    row[g] = (h[g] + padding - r0) / stride;
    col[g] = (w[g] + padding - s0) / stride;
  }
  // Which mirrored positions pixels of this tile have at all, one bit for each m = 3 * mh + mw of `position`. There are some only
  // near the border, and only at stride 1.
  var candidates = 0u;
  if (k.reflect == 1u) {
    for (var g = 0u; g < GROUPS; g++) {
      let top = subgroupAny(h[g] > 0 && h[g] <= padding);
      let bottom = subgroupAny(h[g] < i32(k.h) - 1 && h[g] >= i32(k.h) - 1 - padding);
      let left = subgroupAny(w[g] > 0 && w[g] <= padding);
      let right = subgroupAny(w[g] < i32(k.w) - 1 && w[g] >= i32(k.w) - 1 - padding);
      let across = 1u | select(0u, 2u, left) | select(0u, 4u, right);
      candidates |= (across | select(0u, across << 3u, top) | select(0u, across << 6u, bottom)) & ~1u;
    }
  }
  var acc: array<array<f32, 4>, GROUPS>;
  if (BIAS) {
    for (var c = 0u; c < C; c++) {
      let start = bias[c];
      for (var g = 0u; g < GROUPS; g++) { acc[g][c] = start; }
    }
  }
  for (var i = 0; r0 + i * stride < i32(k.kh); i++) {
    for (var j = 0; s0 + j * stride < i32(k.kw); j++) {
      // The positions to sum over at this tap: the pixel itself (bit 0) and the mirrored ones that some pixel has.
      var positions = 1u;
      for (var left = candidates; left != 0u; left &= left - 1u) {
        let m = firstTrailingBit(left);
        var any = false;
        for (var g = 0u; g < GROUPS; g++) { any |= position(image[g], row[g], col[g], m, i, j) >= 0; }
        if (subgroupAny(any)) { positions |= 1u << m; }
      }
      // Two positions in each pass: both are multiplied by the same weights, so their operands are added first.
      while (positions != 0u) {
        let first = firstTrailingBit(positions);
        positions &= positions - 1u;
        let paired = positions != 0u;
        let second = firstTrailingBit(positions | 512u);
        positions &= positions - 1u;
        var pixel: array<u32, GROUPS>;
        var inside: array<bool, GROUPS>;
        var mirrored: array<u32, GROUPS>;
        var reflected: array<bool, GROUPS>;
        for (var g = 0u; g < GROUPS; g++) {
          let at = position(image[g], row[g], col[g], first, i, j);
          inside[g] = at >= 0;
          pixel[g] = u32(max(at, 0)) * o4;
          let other = position(image[g], row[g], col[g], second, i, j);
          reflected[g] = paired && other >= 0;
          mirrored[g] = select(0u, u32(other) * o4, reflected[g]);
        }
        let b = u32((r0 + i * stride) * i32(k.kw) + s0 + j * stride) * C;
        for (var o = 0u; o < o4; o++) {
          // Lane l holds weight[r,s,l/4, 4o + l%4], and of channels 2 and 3 in the second load.
          let w0 = f32(weight[(b + min(lane / 4u, lastRow)) * k.o + 4u * o + lane % 4u]);
          let w1 = f32(weight[(b + min(2u + lane / 4u, lastRow)) * k.o + 4u * o + lane % 4u]);
          let e0 = vec4f(subgroupBroadcast(w0, 0u), subgroupBroadcast(w0, 1u), subgroupBroadcast(w0, 2u), subgroupBroadcast(w0, 3u));
          let e1 = vec4f(subgroupBroadcast(w0, 4u), subgroupBroadcast(w0, 5u), subgroupBroadcast(w0, 6u), subgroupBroadcast(w0, 7u));
          let e2 = vec4f(subgroupBroadcast(w1, 0u), subgroupBroadcast(w1, 1u), subgroupBroadcast(w1, 2u), subgroupBroadcast(w1, 3u));
          let e3 = vec4f(subgroupBroadcast(w1, 4u), subgroupBroadcast(w1, 5u), subgroupBroadcast(w1, 6u), subgroupBroadcast(w1, 7u));
          for (var g = 0u; g < GROUPS; g++) {
            var a = select(vec4f(0), vec4f(dy[pixel[g] + o]), inside[g]);
            if (paired) { a += select(vec4f(0), vec4f(dy[mirrored[g] + o]), reflected[g]); }
            acc[g][0] += dot(a, e0);
            if (C > 1u) { acc[g][1] += dot(a, e1); }
            if (C > 2u) { acc[g][2] += dot(a, e2); }
            if (C > 3u) { acc[g][3] += dot(a, e3); }
          }
        }
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let m = i32((tile.x * GROUPS + g) * LANES + lane);
    if (m < rows) {
      let at = u32((image[g] * i32(k.h) + h[g]) * i32(k.w) + w[g]) * C;
      for (var c = 0u; c < C; c++) { dx[at + c] = Element(acc[g][c]); }
    }
  }
}
