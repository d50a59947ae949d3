// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o] where p*stride + r - padding shows h, and likewise q, s, w.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C] in f16, sums in f32; any C and O, loaded 8 at a time where O is a multiple of 8; reflection at
// stride 1 only.
//
// Implicit GEMM on matrix hardware, one for each of the stride*stride phases (grid z): rows = pixels of the phase, columns c, depth (r,s,o)
// with o fastest; parts/matrix_gemm.wgsl says how. Mirrored positions add to the loaded operand, as they share the tap's weights.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

// #include "parts/conv.wgsl"
// #include "parts/phase.wgsl"
// #include "parts/matrix_gemm.wgsl"
override BIAS: bool;
override EIGHTS_O: bool; // O is a multiple of 8
@group(0) @binding(0) var<storage, read> dy: array<f16>;
@group(0) @binding(1) var<storage, read> weight: array<f16>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f16>;
// dy and weight once more, as chunks.
@group(0) @binding(4) var<storage, read> dy8: array<vec4u>;
@group(0) @binding(5) var<storage, read> weight8: array<vec4u>;

// Both slabs as the operands lie: the depth steps of a row, or of a column, in a line.
const LINE = SLAB + 8u;
const SIZE_A = ROWS * LINE;
const SIZE_B = COLUMNS * LINE;
const PARTS = SLAB / 8u; // chunks of a line

fn chunkA(i: u32) -> u32 { return i / PARTS * LINE + i % PARTS * 8u; }

fn chunkB(i: u32) -> u32 { return chunkA(i); }

fn leftOf(buffer: u32, row: u32, depth: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&slabA, (buffer * SIZE_A + row * LINE + depth) / 4u, LINE / 4u);
}

fn rightOf(buffer: u32, depth: u32, column: u32) -> Right {
  return subgroupMatrixLoad<Right, col_major>(&slabB, (buffer * SIZE_B + column * LINE + depth) / 4u, LINE / 4u);
}

fn dyAtMirrors(pixel: Pixel, own: i32, at: Depth) -> vec4u {
  let first = dy8[select(0u, (u32(own) * k.o + at.o) / 8u, own >= 0)];
  var low = select(vec4f(0), vec4f(vec4<f16>(bitcast<vec4<f16>>(first.xy))), own >= 0);
  var high = select(vec4f(0), vec4f(vec4<f16>(bitcast<vec4<f16>>(first.zw))), own >= 0);
  for (var left = pixel.mirrors; left != 0u; left &= left - 1u) {
    let mirrored = position(pixel.image, pixel.row, pixel.column, firstTrailingBit(left), i32(at.i), i32(at.j));
    if (mirrored >= 0) {
      let chunk = dy8[(u32(mirrored) * k.o + at.o) / 8u];
      low += vec4f(bitcast<vec4<f16>>(chunk.xy));
      high += vec4f(bitcast<vec4<f16>>(chunk.zw));
    }
  }
  return vec4u(bitcast<vec2u>(vec4<f16>(low)), bitcast<vec2u>(vec4<f16>(high)));
}

// Eight depth steps of a row, from `at`, where its position is `own`, or, one by one, from `depth` on.
fn loadDy(phase: Phase, pixel: Pixel, own: i32, at: Depth, depth: u32) -> vec4u {
  if (!EIGHTS_O) {
    var values: array<f16, 8>;
    for (var i = 0u; i < 8u; i++) { values[i] = f16(dyAt(phase, pixel, depth + i)); }
    return pack(values);
  }
  if (pixel.mirrors != 0u && at.i < phase.tapsH) { return dyAtMirrors(pixel, own, at); }
  return select(vec4u(0), dy8[select(0u, (u32(own) * k.o + at.o) / 8u, own >= 0)], own >= 0);
}

// Eight depth steps of a column, as in loadDy.
fn loadWeight(phase: Phase, c: u32, at: Depth, depth: u32) -> vec4u {
  if (!EIGHTS_O) {
    var values: array<f16, 8>;
    for (var i = 0u; i < 8u; i++) { values[i] = f16(weightAt(phase, c, depth + i)); }
    return pack(values);
  }
  let inside = c < k.c && at.i < phase.tapsH;
  return select(vec4u(0), weight8[select(0u, weightOffset(phase, c, at) / 8u, inside)], inside);
}

// Where a row lies in dx, in whole pixels.
fn place(phase: Phase, m: u32) -> u32 {
  let h = m / phase.rowsW % phase.rowsH * k.stride + phase.h0;
  let w = m % phase.rowsW * k.stride + phase.w0;
  return (m / (phase.rowsH * phase.rowsW) * k.h + h) * k.w + w;
}

var<private> own: Phase;

fn write(m: u32, c: u32, low: vec4f, high: vec4f) {
  if (m >= k.n * own.rowsH * own.rowsW) { return; }
  let pixel = place(own, m);
  for (var i = 0u; i < min(8u, k.c - min(c, k.c)); i++) {
    var v = select(low[i % 4u], high[i % 4u], i >= 4u);
    if (BIAS) { v += bias[c + i]; }
    dx[pixel * k.c + c + i] = f16(v);
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane_in_subgroup: u32,
) {
  let phase = phaseOf(tile.z);
  own = phase;
  let depth = phase.tapsH * phase.tapsW * k.o;
  let firstRow = tile.x * ROWS;
  let firstColumn = tile.y * COLUMNS;
  let row = subgroup / ACROSS * DOWN_EACH * M;
  let column = subgroup % ACROSS * ACROSS_EACH * N;

  // What this invocation loads: a chunk of the depth of some rows, and of some columns.
  var pixels: array<Pixel, LOADS_A>;
  var positions: array<i32, LOADS_A>;
  var at = Depth(0u, 0u, lane % PARTS * 8u);
  if (EIGHTS_O) { at = settled(phase, at); }
  for (var j = 0u; j < LOADS_A; j++) {
    pixels[j] = pixelOf(phase, firstRow + (lane + j * LANES) / PARTS);
    positions[j] = ownPosition(phase, pixels[j], at);
  }

  // Each turn loads a slab into registers (in the last turn zeros), multiplies the slab before it, and then puts the new one in its place.
  var sums: Sums;
  var buffer = 0u;
  for (var turn = 0u; turn < depth + SLAB; turn += SLAB) {
    let step = turn + lane % PARTS * 8u;
    var a: array<vec4u, LOADS_A>;
    var b: array<vec4u, LOADS_B>;
    for (var j = 0u; j < LOADS_A; j++) { a[j] = loadDy(phase, pixels[j], positions[j], at, step); }
    for (var j = 0u; j < LOADS_B; j++) { b[j] = loadWeight(phase, firstColumn + (lane + j * LANES) / PARTS, at, step); }
    if (EIGHTS_O) {
      at.o += SLAB;
      if (at.o >= k.o) {
        at = settled(phase, at);
        for (var j = 0u; j < LOADS_A; j++) { positions[j] = ownPosition(phase, pixels[j], at); }
      }
    }
    if (turn > 0u) { multiply(&sums, (buffer + BUFFERS - 1u) % BUFFERS, row, column); }
    if (BUFFERS == 1u) { workgroupBarrier(); }
    keep(buffer, lane, &a, &b);
    workgroupBarrier();
    buffer = (buffer + 1u) % BUFFERS;
  }
  writeResults(&sums, subgroup, lane_in_subgroup, firstRow + row, firstColumn + column);
}
