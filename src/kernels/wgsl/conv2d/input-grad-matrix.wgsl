// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w, or a mirror of it under reflection.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C] in f16, sums in f32, or all in f32 by three products of f16; any C and O, loaded 8 at a
// time where O is a multiple of 8; zero padding.
//
// Implicit GEMM on matrix hardware, one for each of the stride*stride phases (grid z): rows = pixels of the phase, columns c, depth (r,s,o)
// with o fastest; conv2d/parts/matrix-gemm.wgsl says how.
//
// Measured 2026-11-26, NVIDIA H200 (driver 580.159.04), batch 16, 3x3 256->256 at 64x64, the fold of the reflection included: 64x128 0.84 ms
// (92 TFLOP/s), 128x64 0.91 (85), 128x128 1.12 (69), 64x64 1.28 (60).

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/phase.wgsl"
// #include "conv2d/parts/matrix-gemm.wgsl"
// #include "conv2d/parts/matrix-rows.wgsl"
// #include "conv2d/parts/bias.wgsl"
// #include "conv2d/parts/matrix-put.wgsl"
override BIAS: bool;
override EIGHTS_O: bool; // O is a multiple of 8
@group(0) @binding(0) var<storage, read> dy: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
// dy and weight once more, as chunks.
@group(0) @binding(4) var<storage, read> dy8: array<Chunk>;
@group(0) @binding(5) var<storage, read> weight8: array<Chunk>;
// How large they are, if they are split; else something stands in, unread.
@group(0) @binding(6) var<storage, read> largest: array<u32>;

// Operand b lies likewise: a column's depth steps in a line.
const SIZE_B = COLUMNS * LINE_A;

fn placeB(i: u32) -> u32 { return placeA(i); }

fn rightOf(slab: u32, depth: u32, column: u32) -> Right {
  return subgroupMatrixLoad<Right, col_major>(&slabB, (slab + column * LINE_A + depth) / UNIT, LINE_A / UNIT);
}

// Eight depth steps of a row: if O is a multiple of 8 eight channels of the pixel `position`, from `at` on, else the steps from `depth`
// on, one by one.
fn loadDy(phase: Phase, pixel: Pixel, position: i32, at: Depth, depth: u32) -> Chunk {
  if (!EIGHTS_O) {
    return pack(
      vec4f(dyAt(phase, pixel, depth), dyAt(phase, pixel, depth + 1u), dyAt(phase, pixel, depth + 2u), dyAt(phase, pixel, depth + 3u)),
      vec4f(
        dyAt(phase, pixel, depth + 4u),
        dyAt(phase, pixel, depth + 5u),
        dyAt(phase, pixel, depth + 6u),
        dyAt(phase, pixel, depth + 7u),
      ),
    );
  }
  return chunkIf(position >= 0, dy8[(u32(max(position, 0)) * k.o + at.o) / 8u]);
}

// Eight depth steps of a column, as in loadDy; `tap8` is where the chunk of column 0 lies.
fn loadWeight(phase: Phase, c: u32, at: Depth, depth: u32, tap8: u32) -> Chunk {
  if (!EIGHTS_O) {
    return pack(
      vec4f(
        weightAt(phase, c, depth),
        weightAt(phase, c, depth + 1u),
        weightAt(phase, c, depth + 2u),
        weightAt(phase, c, depth + 3u),
      ),
      vec4f(
        weightAt(phase, c, depth + 4u),
        weightAt(phase, c, depth + 5u),
        weightAt(phase, c, depth + 6u),
        weightAt(phase, c, depth + 7u),
      ),
    );
  }
  let inside = c < k.c && at.i < phase.tapsH;
  return chunkIf(inside, weight8[select(0u, tap8 + c * (k.o / 8u), inside)]);
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
  var v = low;
  var w = high;
  if (BIAS) {
    v += biasOf(c, k.c);
    w += biasOf(c + 4u, k.c);
  }
  put(place(own, m), c, k.c, v, w);
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
  let pixel0 = pixelOf(phase, firstRow + lane / PARTS_A);
  let pixel1 = pixelOf(phase, firstRow + (lane + LANES) / PARTS_A);
  let pixel2 = pixelOf(phase, firstRow + (lane + 2u * LANES) / PARTS_A);
  let pixel3 = pixelOf(phase, firstRow + (lane + 3u * LANES) / PARTS_A);
  let columnB = firstColumn + lane / PARTS_A;
  const COLUMNS_B = LANES / PARTS_A;
  var step = lane % PARTS_A * 8u;
  var at = Depth(0u, 0u, step);
  if (EIGHTS_O) { at = settled(phase, at); }
  var position0 = positionOf(phase, pixel0, at);
  var position1 = positionOf(phase, pixel1, at);
  var position2 = positionOf(phase, pixel2, at);
  var position3 = positionOf(phase, pixel3, at);

  // #include "conv2d/parts/matrix-sums.wgsl"

  // Each turn loads the next slab into registers, multiplies the present slab, and then puts the loaded one in its place. The
  // first turn has nothing to multiply yet; the last loads zeros.
  for (var turn = 0u; turn < depth + SLAB; turn += SLAB) {
    let a0 = loadDy(phase, pixel0, position0, at, step);
    var a1 = Chunk();
    var a2 = Chunk();
    var a3 = Chunk();
    if (LOADS_A > 1u) { a1 = loadDy(phase, pixel1, position1, at, step); }
    if (LOADS_A > 2u) { a2 = loadDy(phase, pixel2, position2, at, step); }
    if (LOADS_A > 3u) { a3 = loadDy(phase, pixel3, position3, at, step); }
    let tap8 = weightOffset(phase, 0u, at) / 8u;
    let b0 = loadWeight(phase, columnB, at, step, tap8);
    var b1 = Chunk();
    var b2 = Chunk();
    var b3 = Chunk();
    if (LOADS_B > 1u) { b1 = loadWeight(phase, columnB + COLUMNS_B, at, step, tap8); }
    if (LOADS_B > 2u) { b2 = loadWeight(phase, columnB + 2u * COLUMNS_B, at, step, tap8); }
    if (LOADS_B > 3u) { b3 = loadWeight(phase, columnB + 3u * COLUMNS_B, at, step, tap8); }
    step += SLAB;
    if (EIGHTS_O) {
      at.o += SLAB;
      if (at.o >= k.o) {
        at = settled(phase, at);
        position0 = positionOf(phase, pixel0, at);
        if (LOADS_A > 1u) { position1 = positionOf(phase, pixel1, at); }
        if (LOADS_A > 2u) { position2 = positionOf(phase, pixel2, at); }
        if (LOADS_A > 3u) { position3 = positionOf(phase, pixel3, at); }
      }
    }
    if (turn > 0u) {
      // #include "conv2d/parts/matrix-multiply.wgsl"
    }
    workgroupBarrier();
    // #include "conv2d/parts/matrix-keep.wgsl"
    workgroupBarrier();
  }
  // #include "conv2d/parts/matrix-write.wgsl"
}
