// dx[n,h,w,c] = bias[c] + sum over r,s,o of dy[n,p,q,o] * weight[r,s,c,o], over all outputs (p, q) whose tap (r, s) read the
// pixel (h, w): p*stride + r - padding = h and q*stride + s - padding = w, or a mirror of it under reflection.
// dy [N,P,Q,O], weight [KH,KW,C,O], dx [N,H,W,C]; any C and O, read as vec4s where O is a multiple of 4; zero padding.
//
// Implicit GEMM for GPUs, one for each of the stride*stride phases (grid z), so that no tap multiplies an inserted zero: rows = pixels of
// the phase, columns c, depth (r,s,o) with o fastest. Slabs and registers as in conv2d/forward-workgroup, but slabB too holds vec4s along
// the depth, since that is how the weights lie in memory; its two halves are 4 vec4s apart, so that lanes write different banks. The
// columns of an invocation are ACROSS apart, so that neighbouring lanes read and write neighbouring columns.
//
// Measured 2026-11-25, llvmpipe Mesa 25.0.7, CPU time of the process / 2 cores (a busy machine), batch 1, robustness off: 3x3 128->128 at
// 16x16, reflect, 64x64 13.4 ms (6 GFLOP/s), 128x64 9.3 (8), 128x128 8.5 (9), 32x64 11.9 (6); conv2d/input-grad-tiled 2.0 (38).
// Measured 2026-11-26, NVIDIA H200 (driver 580.159.04), batch 2, 3x3 stride 2 128->256 from 128x128: 64x64 0.25 ms (20 TFLOP/s).

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/phase.wgsl"
// #include "matmul/parts/gemm.wgsl"
override BIAS: bool;
override VEC4_O: bool; // O is a multiple of 4
@group(0) @binding(0) var<storage, read> dy: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<Element>;
// dy and weight once more, as vec4s.
@group(0) @binding(4) var<storage, read> dy4: array<Element4>;
@group(0) @binding(5) var<storage, read> weight4: array<Element4>;

override LOADS_A = 2u * ROWS / LANES; // vec4s that a lane loads for a slab: 1, 2 or 4 of operand a, 1 or 2 of b
override LOADS_B = 2u * COLUMNS / LANES;
const GAP = 4u;

// Four depth steps of a row: if O is a multiple of 4 four channels of the pixel `position`, from `at` on, else the steps from `depth`
// on, one by one.
fn loadDy(phase: Phase, pixel: Pixel, position: i32, at: Depth, depth: u32) -> vec4f {
  if (VEC4_O) { return select(vec4f(0), vec4f(dy4[(u32(max(position, 0)) * k.o + at.o) / 4u]), position >= 0); }
  return vec4f(
    dyAt(phase, pixel, depth),
    dyAt(phase, pixel, depth + 1u),
    dyAt(phase, pixel, depth + 2u),
    dyAt(phase, pixel, depth + 3u),
  );
}

// Four depth steps of a column, as in loadDy.
fn loadWeight(phase: Phase, c: u32, at: Depth, depth: u32) -> vec4f {
  if (!VEC4_O) {
    return vec4f(
      weightAt(phase, c, depth),
      weightAt(phase, c, depth + 1u),
      weightAt(phase, c, depth + 2u),
      weightAt(phase, c, depth + 3u),
    );
  }
  let inside = c < k.c && at.i < phase.tapsH;
  return select(vec4f(0), vec4f(weight4[select(0u, weightOffset(phase, c, at) / 4u, inside)]), inside);
}

// Four rows of slabA over the four depth steps of its half `q`.
fn rowsOf(row: u32, q: u32) -> mat4x4f {
  let at = 2u * row + q;
  return mat4x4f(slabA[at], slabA[at + 2u * DOWN], slabA[at + 4u * DOWN], slabA[at + 6u * DOWN]);
}

// Four columns of slabB at the four depth steps of its half `q`.
fn columnsOf(column: u32, q: u32) -> mat4x4f {
  let at = q * (COLUMNS + GAP) + column;
  return transpose(mat4x4f(slabB[at], slabB[at + ACROSS], slabB[at + 2u * ACROSS], slabB[at + 3u * ACROSS]));
}

fn write(pixel: u32, c: u32, sum: vec4f) {
  for (var j = 0u; j < 4u; j++) {
    let column = c + j * ACROSS;
    if (column < k.c) {
      var v = sum[j];
      if (BIAS) { v += bias[column]; }
      dx[pixel * k.c + column] = Element(v);
    }
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let phase = phaseOf(tile.z);
  let rows = k.n * phase.rowsH * phase.rowsW;
  let depth = phase.tapsH * phase.tapsW * k.o;
  let firstRow = tile.x * ROWS;
  let firstColumn = tile.y * COLUMNS;
  // The first phase has the most pixels.
  if (firstRow >= rows) { return; }

  // What this lane loads: half lane % 2 of the depth of one, two or four rows and one or two columns.
  let half = lane % 2u;
  let row0 = pixelOf(phase, firstRow + lane / 2u);
  let row1 = pixelOf(phase, firstRow + (lane + LANES) / 2u);
  let row2 = pixelOf(phase, firstRow + (lane + 2u * LANES) / 2u);
  let row3 = pixelOf(phase, firstRow + (lane + 3u * LANES) / 2u);
  let column0 = firstColumn + lane / 2u;
  let column1 = firstColumn + (lane + LANES) / 2u;
  let targetB = half * (COLUMNS + GAP) + lane / 2u;
  var step = 4u * half;
  var at = Depth(0u, 0u, step);
  if (VEC4_O) { at = settled(phase, at); }
  var position0 = positionOf(phase, row0, at);
  var position1 = positionOf(phase, row1, at);
  var position2 = positionOf(phase, row2, at);
  var position3 = positionOf(phase, row3, at);

  // What it multiplies: rows `row`, `row` + DOWN, …, and columns `column`, `column` + ACROSS, ….
  let row = lane / ACROSS;
  let column = lane % ACROSS;
  var topLeft = mat4x4f();
  var topRight = mat4x4f();
  var bottomLeft = mat4x4f();
  var bottomRight = mat4x4f();

  // Each turn loads the next slab into registers, multiplies the present slab, and then puts the loaded one in its place. The
  // first turn has nothing to multiply yet; the last loads zeros.
  for (var turn = 0u; turn < depth + SLAB; turn += SLAB) {
    let a0 = loadDy(phase, row0, position0, at, step);
    var a1 = vec4f(0);
    if (LOADS_A > 1u) { a1 = loadDy(phase, row1, position1, at, step); }
    var a2 = vec4f(0);
    var a3 = vec4f(0);
    if (LOADS_A > 2u) {
      a2 = loadDy(phase, row2, position2, at, step);
      a3 = loadDy(phase, row3, position3, at, step);
    }
    let b0 = loadWeight(phase, column0, at, step);
    var b1 = vec4f(0);
    if (LOADS_B > 1u) { b1 = loadWeight(phase, column1, at, step); }
    step += SLAB;
    if (VEC4_O) {
      at.o += SLAB;
      if (at.o >= k.o) {
        at = settled(phase, at);
        position0 = positionOf(phase, row0, at);
        position1 = positionOf(phase, row1, at);
        if (LOADS_A > 2u) {
          position2 = positionOf(phase, row2, at);
          position3 = positionOf(phase, row3, at);
        }
      }
    }

    if (turn > 0u) {
      for (var q = 0u; q < 2u; q++) {
        let top = rowsOf(row, q);
        let bottom = rowsOf(row + 4u * DOWN, q);
        let left = columnsOf(column, q);
        topLeft = multiplyAdd(topLeft, top, left);
        bottomLeft = multiplyAdd(bottomLeft, bottom, left);
        if (WIDE) {
          let right = columnsOf(column + 4u * ACROSS, q);
          topRight = multiplyAdd(topRight, top, right);
          bottomRight = multiplyAdd(bottomRight, bottom, right);
        }
      }
    }

    workgroupBarrier();
    slabA[lane] = a0;
    if (LOADS_A > 1u) { slabA[lane + LANES] = a1; }
    if (LOADS_A > 2u) {
      slabA[lane + 2u * LANES] = a2;
      slabA[lane + 3u * LANES] = a3;
    }
    slabB[targetB] = b0;
    if (LOADS_B > 1u) { slabB[targetB + LANES / 2u] = b1; }
    workgroupBarrier();
  }

  // The bound keeps the compiler from unrolling this loop: eight copies of what follows take long to compile.
  let blocks = array(topLeft, bottomLeft, topRight, bottomRight);
  var i = 0u;
  for (var m = firstRow + row; m < min(firstRow + ROWS, rows); m += DOWN) {
    let h = m / phase.rowsW % phase.rowsH * k.stride + phase.h0;
    let w = m % phase.rowsW * k.stride + phase.w0;
    let pixel = (m / (phase.rowsH * phase.rowsW) * k.h + h) * k.w + w;
    write(pixel, firstColumn + column, blocks[i / 4u][i % 4u]);
    if (WIDE) { write(pixel, firstColumn + column + 4u * ACROSS, blocks[2u + i / 4u][i % 4u]); }
    i += 1u;
  }
}
