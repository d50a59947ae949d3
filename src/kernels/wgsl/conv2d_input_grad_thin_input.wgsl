// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o] where p*stride + r - padding shows h, and likewise q, s, w.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C] with C at most 4; O a multiple of 4; reflection at stride 1 only.
//
// As conv2d_forward_thin_output: lanes are pixels of dx, each with all its channels; the 4*C weights of a depth step are loaded by
// the lanes together and handed round. For the gradient that reaches an image.

enable subgroups;
diagnostic(off, subgroup_uniformity);

struct Conv {
  n: u32, h: u32, w: u32, c: u32,
  p: u32, q: u32, o: u32,
  kh: u32, kw: u32, stride: u32, padding: u32, reflect: u32,
}
var<immediate> k: Conv;
override BIAS: bool;
override C: u32;
@group(0) @binding(0) var<storage, read> dy: array<vec4f>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

const LANES = 8u;
const GROUPS = 8u;

// The padded position that shows image row i: itself (m = 0), mirrored at the low edge (1) or at the high edge (2); far outside where there is none.
fn shown(i: i32, extent: i32, m: u32) -> i32 {
  if (m == 0u) { return i; }
  if (m == 1u) { return select(-i, -10000000, i == 0); }
  return select(2 * (extent - 1) - i, -10000000, i == extent - 1);
}

// Offset of dy[n,p,q,0] in whole pixels for the reader of a padded position by tap (r, s), or -1.
fn reader(image: i32, h: i32, w: i32, r: i32, s: i32) -> i32 {
  let th = h + i32(k.padding) - r;
  let tw = w + i32(k.padding) - s;
  let p = th / i32(k.stride);
  let q = tw / i32(k.stride);
  let inside = th >= 0 && tw >= 0 && p < i32(k.p) && q < i32(k.q);
  return select(-1, (image * i32(k.p) + p) * i32(k.q) + q, inside);
}

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
  if (i32(tile.x * GROUPS * LANES) >= rows) { return; }
  let o4 = k.o / 4u;
  let lastRow = C - 1u;
  var image: array<i32, GROUPS>;
  var h: array<i32, GROUPS>;
  var w: array<i32, GROUPS>;
  for (var g = 0u; g < GROUPS; g++) {
    let m = min(i32((tile.x * GROUPS + g) * LANES + lane), rows - 1);
    image[g] = m / (rowsH * rowsW);
    h[g] = m / rowsW % rowsH * stride + phaseH;
    w[g] = m % rowsW * stride + phaseW;
  }
  var acc: array<array<f32, 4>, GROUPS>;
  if (BIAS) {
    for (var c = 0u; c < C; c++) {
      let start = bias[c];
      for (var g = 0u; g < GROUPS; g++) { acc[g][c] = start; }
    }
  }
  for (var r = (phaseH + padding) % stride; r < i32(k.kh); r += stride) {
    for (var s = (phaseW + padding) % stride; s < i32(k.kw); s += stride) {
      var pixel: array<u32, GROUPS>;
      var inside: array<bool, GROUPS>;
      for (var g = 0u; g < GROUPS; g++) {
        let at = reader(image[g], h[g], w[g], r, s);
        inside[g] = at >= 0;
        pixel[g] = u32(max(at, 0)) * o4;
      }
      // Which mirrored positions any row of this tile has at this tap, a bit each; mirrors exist at stride 1 only.
      var mirrors = 0u;
      if (k.reflect == 1u) {
        for (var m = 1u; m < 9u; m++) {
          var any = false;
          for (var g = 0u; g < GROUPS; g++) {
            any |= reader(image[g], shown(h[g], i32(k.h), m / 3u), shown(w[g], i32(k.w), m % 3u), r, s) >= 0;
          }
          if (subgroupAny(any)) { mirrors |= 1u << m; }
        }
      }
      let b = u32(r * i32(k.kw) + s) * C;
      for (var o = 0u; o < o4; o++) {
        // Lane l holds weight[r,s,l/4, 4o + l%4], and of channels 2 and 3 in the second load.
        let w0 = weight[(b + min(lane / 4u, lastRow)) * k.o + 4u * o + lane % 4u];
        let w1 = weight[(b + min(2u + lane / 4u, lastRow)) * k.o + 4u * o + lane % 4u];
        let e0 = vec4f(subgroupBroadcast(w0, 0u), subgroupBroadcast(w0, 1u), subgroupBroadcast(w0, 2u), subgroupBroadcast(w0, 3u));
        let e1 = vec4f(subgroupBroadcast(w0, 4u), subgroupBroadcast(w0, 5u), subgroupBroadcast(w0, 6u), subgroupBroadcast(w0, 7u));
        let e2 = vec4f(subgroupBroadcast(w1, 0u), subgroupBroadcast(w1, 1u), subgroupBroadcast(w1, 2u), subgroupBroadcast(w1, 3u));
        let e3 = vec4f(subgroupBroadcast(w1, 4u), subgroupBroadcast(w1, 5u), subgroupBroadcast(w1, 6u), subgroupBroadcast(w1, 7u));
        for (var g = 0u; g < GROUPS; g++) {
          var a = select(vec4f(0), dy[pixel[g] + o], inside[g]);
          for (var left = mirrors; left != 0u; left &= left - 1u) {
            let m = firstTrailingBit(left);
            let at = reader(image[g], shown(h[g], i32(k.h), m / 3u), shown(w[g], i32(k.w), m % 3u), r, s);
            a += select(vec4f(0), dy[u32(max(at, 0)) * o4 + o], at >= 0);
          }
          acc[g][0] += dot(a, e0);
          if (C > 1u) { acc[g][1] += dot(a, e1); }
          if (C > 2u) { acc[g][2] += dot(a, e2); }
          if (C > 3u) { acc[g][3] += dot(a, e3); }
        }
      }
    }
  }
  for (var g = 0u; g < GROUPS; g++) {
    let m = i32((tile.x * GROUPS + g) * LANES + lane);
    if (m < rows) {
      let at = u32((image[g] * i32(k.h) + h[g]) * i32(k.w) + w[g]) * C;
      for (var c = 0u; c < C; c++) { dx[at + c] = acc[g][c]; }
    }
  }
}
