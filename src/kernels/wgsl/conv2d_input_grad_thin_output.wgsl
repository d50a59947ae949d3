// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o] where p*stride + r - padding shows h, and likewise q, s, w.
// dy [N,P,Q,O] with O at most 4, weight [KH,KW,C,O], dx [N,H,W,C]; C a multiple of 4; reflection at stride 1 only.
//
// As conv2d_input_grad_tiled, for the layers that make images or a PatchGAN's map: dy is loaded one scalar a row and depth step;
// the 4*O weights of a lane's columns are O whole vec4s.

enable subgroups;
diagnostic(off, subgroup_uniformity);

struct Conv {
  n: u32, h: u32, w: u32, c: u32,
  p: u32, q: u32, o: u32,
  kh: u32, kw: u32, stride: u32, padding: u32, reflect: u32,
}
var<immediate> k: Conv;
override BIAS: bool;
override O: u32;
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

const LANES = 8u;
const GROUPS = 4u; // of 8 rows

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
  let c4 = k.c / 4u;
  let column = min(tile.y * LANES + lane, c4 - 1u);
  var image: array<i32, GROUPS>;
  var h: array<i32, GROUPS>;
  var w: array<i32, GROUPS>;
  for (var g = 0u; g < GROUPS; g++) {
    let m = min(i32((tile.x * GROUPS + g) * LANES + lane), rows - 1);
    image[g] = m / (rowsH * rowsW);
    h[g] = m / rowsW % rowsH * stride + phaseH;
    w[g] = m % rowsW * stride + phaseW;
  }
  var start = vec4f(0);
  if (BIAS) { start = bias[column]; }
  var acc: array<vec4f, 8u * GROUPS>;
  for (var i = 0u; i < 8u * GROUPS; i++) { acc[i] = start; }

  for (var r = (phaseH + padding) % stride; r < i32(k.kh); r += stride) {
    for (var s = (phaseW + padding) % stride; s < i32(k.kw); s += stride) {
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
      let b = (u32(r * i32(k.kw) + s) * c4 + column) * O;
      var flat: array<vec4f, 4>;
      for (var i = 0u; i < 4u; i++) { if (i < O) { flat[i] = weight[b + i]; } }
      for (var o = 0u; o < 4u; o++) {
        if (o < O) {
          let bo = vec4f(flat[o / 4u][o % 4u], flat[(O + o) / 4u][(O + o) % 4u], flat[(2u * O + o) / 4u][(2u * O + o) % 4u], flat[(3u * O + o) / 4u][(3u * O + o) % 4u]);
          for (var g = 0u; g < GROUPS; g++) {
            let at = reader(image[g], h[g], w[g], r, s);
            var a = select(0.0, dy[u32(max(at, 0)) * O + o], at >= 0);
            for (var left = mirrors; left != 0u; left &= left - 1u) {
              let m = firstTrailingBit(left);
              let mirrored = reader(image[g], shown(h[g], i32(k.h), m / 3u), shown(w[g], i32(k.w), m % 3u), r, s);
              a += select(0.0, dy[u32(max(mirrored, 0)) * O + o], mirrored >= 0);
            }
            acc[8u * g + 0u] += subgroupBroadcast(a, 0u) * bo;
            acc[8u * g + 1u] += subgroupBroadcast(a, 1u) * bo;
            acc[8u * g + 2u] += subgroupBroadcast(a, 2u) * bo;
            acc[8u * g + 3u] += subgroupBroadcast(a, 3u) * bo;
            acc[8u * g + 4u] += subgroupBroadcast(a, 4u) * bo;
            acc[8u * g + 5u] += subgroupBroadcast(a, 5u) * bo;
            acc[8u * g + 6u] += subgroupBroadcast(a, 6u) * bo;
            acc[8u * g + 7u] += subgroupBroadcast(a, 7u) * bo;
          }
        }
      }
    }
  }
  if (tile.y * LANES + lane >= c4) { return; }
  for (var i = 0u; i < 8u * GROUPS; i++) {
    let m = i32(tile.x * 8u * GROUPS + i);
    if (m < rows) {
      let row = m / rowsW % rowsH * stride + phaseH;
      let col = m % rowsW * stride + phaseW;
      dx[u32((m / (rowsH * rowsW) * i32(k.h) + row) * i32(k.w) + col) * c4 + column] = acc[i];
    }
  }
}
