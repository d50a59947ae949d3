// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w, or a mirror of it under reflection.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C]; C and O multiples of 4; reflection at stride 1 only.
//
// Implicit GEMM, one for each of the stride*stride phases (grid z), so that no tap multiplies an inserted zero: rows = pixels of the phase,
// columns c, depth (r,s,o). Mapping and loads as in conv2d/forward-tiled; weights are read in place, four depth steps of a column a load.
// Mirrored positions add to the loaded operand (they share the tap's weights), so they cost loads at the border and no multiplies.
//
// Measured 2026-11-24, llvmpipe Mesa 25.0.7, 2 cores, batch 1, robustness off: 3x3 128->128 at 16x16, reflect,
// 2.0 ms (37 GFLOP/s; naive 2.5); 3x3 stride 2 32->64 at 64x64 1.6 ms (24); 4x4 stride 2 32->64 at 32x32 0.52 ms (33).

enable subgroups;
diagnostic(off, subgroup_uniformity);

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/reader.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> dy: array<Element4>;
@group(0) @binding(1) var<storage, read> weight: array<Element4>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element4>;

const LANES = 8u;
const GROUPS = 2u; // of 8 rows

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
  let c4 = k.c / 4u;
  let o4 = k.o / 4u;
  let column = min(tile.y * LANES + lane, c4 - 1u);
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
  var start = vec4f(0);
  if (BIAS) { start = bias[column]; }
  var acc: array<vec4f, 8u * GROUPS>;
  for (var i = 0u; i < 8u * GROUPS; i++) { acc[i] = start; }

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
        let b = (u32((r0 + i * stride) * i32(k.kw) + s0 + j * stride) * k.c + 4u * column) * o4;
        for (var o = 0u; o < o4; o++) {
          let b0 = vec4f(weight[b + o]);
          let b1 = vec4f(weight[b + o4 + o]);
          let b2 = vec4f(weight[b + 2u * o4 + o]);
          let b3 = vec4f(weight[b + 3u * o4 + o]);
          for (var g = 0u; g < GROUPS; g++) {
            var a = select(vec4f(0), vec4f(dy[pixel[g] + o]), inside[g]);
            if (paired) { a += select(vec4f(0), vec4f(dy[mirrored[g] + o]), reflected[g]); }
            { let e = subgroupBroadcast(a, 0u); acc[8u * g + 0u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(a, 1u); acc[8u * g + 1u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(a, 2u); acc[8u * g + 2u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(a, 3u); acc[8u * g + 3u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(a, 4u); acc[8u * g + 4u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(a, 5u); acc[8u * g + 5u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(a, 6u); acc[8u * g + 6u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
            { let e = subgroupBroadcast(a, 7u); acc[8u * g + 7u] += vec4f(dot(e, b0), dot(e, b1), dot(e, b2), dot(e, b3)); }
          }
        }
      }
    }
  }
  if (tile.y * LANES + lane >= c4) { return; }
  for (var i = 0u; i < 8u * GROUPS; i++) {
    let m = i32(tile.x * 8u * GROUPS + i);
    if (m < rows) {
      let y = m / rowsW % rowsH * stride + phaseH;
      let x = m % rowsW * stride + phaseW;
      dx[u32((m / (rowsH * rowsW) * i32(k.h) + y) * i32(k.w) + x) * c4 + column] = Element4(acc[i]);
    }
  }
}
