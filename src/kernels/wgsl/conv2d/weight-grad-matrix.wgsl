// part[z,r,s,c,o] = sum over the z-th share of pixels (n,p,q) of x[n, p*stride + r - padding, q*stride + s - padding, c] * dy[n,p,q,o]
// x [N,H,W,C], dy [N,P,Q,O] in f16, part [splits,KH,KW,C,O] in f32, or all in f32 by three products of f16; any C and O, loaded 8 at a
// time where they are multiples of 8.
// If there are several shares, reduce/sum-parts adds them up in a fixed order; a single one goes to dw itself.
//
// GEMM on matrix hardware: rows (r,s,c), columns o, depth (n,p,q), which is split into shares so that all of a GPU has work;
// conv2d/parts/matrix-gemm.wgsl says how.
//
// Measured 2026-11-26, NVIDIA H200 (driver 580.159.04), batch 2, 3x3 256->256 at 64x64, reflect: 64x128 0.114 ms (85 TFLOP/s), 128x64 0.126
// (77), 128x128 0.150 (64), 64x64 0.168 (58).

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

// #include "conv2d/parts/shares.wgsl"
// #include "conv2d/parts/window.wgsl"
// #include "conv2d/parts/matrix-gemm.wgsl"
// #include "conv2d/parts/matrix-columns.wgsl"
// #include "conv2d/parts/put-f32.wgsl"
override EIGHTS_C: bool; // C is a multiple of 8
override EIGHTS_O: bool;
override LONG_LINES: bool; // Q is at least SLAB
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> dy: array<Element>;
// x and dy once more, as chunks.
@group(0) @binding(3) var<storage, read> x8: array<Chunk>;
@group(0) @binding(4) var<storage, read> dy8: array<Chunk>;
// How large they are, if they are split; else something stands in, unread.
@group(0) @binding(5) var<storage, read> largest: array<u32>;

// Operand a as it lies in memory: the rows of a depth step in a line.
const LINE_A = ROWS + 8u;
const SIZE_A = SLAB * LINE_A;
const PARTS_A = ROWS / 8u; // chunks of a line
const CHUNKS_A = SLAB * PARTS_A;

fn placeA(i: u32) -> u32 { return i / PARTS_A * LINE_A + i % PARTS_A * 8u; }

fn leftOf(slab: u32, row: u32, depth: u32) -> Left {
  return subgroupMatrixLoad<Left, col_major>(&slabA, (slab + depth * LINE_A + row) / UNIT, LINE_A / UNIT);
}

// Eight rows: the first; and, if C is a multiple of 8, so that all belong to one tap, that tap and which eight of its channels.
struct Rows { first: u32, r: u32, s: u32, c8: u32 }

// An output pixel, and the first pixel of the line of x that the tap of the rows reads there, or -1 for a line of zeros.
struct Output { n: u32, p: u32, q: u32, line: i32 }

// It stays the same for a whole line of outputs. Past the last row r is KH, where no line is.
fn lineOf(rows: Rows, n: u32, p: u32) -> i32 {
  let h = source(i32(p * k.stride) - i32(k.padding) + i32(rows.r), i32(k.h));
  return select(-1, (i32(n * k.h) + h) * i32(k.w), h >= 0 && rows.r < k.kh);
}

// A slab further on.
fn advanced(at: Output, rows: Rows) -> Output {
  var next = at;
  next.q += SLAB;
  if (next.q < k.q) { return next; }
  if (LONG_LINES) {
    next.q -= k.q;
    next.p += 1u;
  } else {
    next.p += next.q / k.q;
    next.q %= k.q;
  }
  if (next.p >= k.p) {
    next.n += next.p / k.p;
    next.p %= k.p;
  }
  if (EIGHTS_C) { next.line = lineOf(rows, next.n, next.p); }
  return next;
}

fn xAt(row: u32, window: Window, inside: bool) -> f32 {
  let tap = row / k.c;
  let pixel = pixelAt(window, tap / k.kw, tap % k.kw);
  let there = inside && row < k.kh * k.kw * k.c && pixel >= 0;
  return select(0.0, f32(x[select(0u, u32(pixel) * k.c + row % k.c, there)]), there);
}

// Eight rows of a depth step; zeros where the share has ended.
fn loadX(rows: Rows, at: Output, inside: bool) -> Chunk {
  if (EIGHTS_C) {
    let w = source(i32(at.q * k.stride) - i32(k.padding) + i32(rows.s), i32(k.w));
    let there = inside && at.line >= 0 && w >= 0;
    return chunkIf(there, x8[select(0u, u32(at.line + w) * (k.c / 8u) + rows.c8, there)]);
  }
  let window = windowOf(at.n, at.p, at.q);
  let row = rows.first;
  return pack(
    vec4f(xAt(row, window, inside), xAt(row + 1u, window, inside), xAt(row + 2u, window, inside), xAt(row + 3u, window, inside)),
    vec4f(xAt(row + 4u, window, inside), xAt(row + 5u, window, inside), xAt(row + 6u, window, inside), xAt(row + 7u, window, inside)),
  );
}

fn dyAt(m: u32, o: u32, inside: bool) -> f32 {
  let there = inside && o < k.o;
  return select(0.0, f32(dy[select(0u, m * k.o + o, there)]), there);
}

// Eight columns of a depth step; zeros where the share has ended.
fn loadDy(m: u32, o: u32, end: u32) -> Chunk {
  let inside = m < end;
  if (EIGHTS_O) {
    let there = inside && o < k.o;
    return chunkIf(there, dy8[select(0u, (m * k.o + o) / 8u, there)]);
  }
  return pack(
    vec4f(dyAt(m, o, inside), dyAt(m, o + 1u, inside), dyAt(m, o + 2u, inside), dyAt(m, o + 3u, inside)),
    vec4f(dyAt(m, o + 4u, inside), dyAt(m, o + 5u, inside), dyAt(m, o + 6u, inside), dyAt(m, o + 7u, inside)),
  );
}

fn outputAt(m: u32, rows: Rows) -> Output {
  let n = m / (k.p * k.q);
  let p = m / k.q % k.p;
  return Output(n, p, m % k.q, lineOf(rows, n, p));
}

var<private> share: u32;

fn write(row: u32, o: u32, low: vec4f, high: vec4f) {
  let rows = k.kh * k.kw * k.c;
  if (row < rows) { put(share * rows + row, o, k.o, low, high); }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane_in_subgroup: u32,
) {
  share = tile.z;
  let all = k.n * k.p * k.q;
  let begin = shareStart(all, tile.z);
  let end = shareStart(all, tile.z + 1u);
  let firstRow = tile.y * ROWS;
  let firstColumn = tile.x * COLUMNS;
  let row = subgroup / ACROSS * DOWN_EACH * M;
  let column = subgroup % ACROSS * ACROSS_EACH * N;

  // What this invocation loads: a chunk of rows and one of columns, each at some depth steps.
  let rowA = firstRow + lane % PARTS_A * 8u;
  let rows = Rows(rowA, rowA / k.c / k.kw, rowA / k.c % k.kw, rowA % k.c / 8u);
  let columnB = firstColumn + lane % PARTS_B * 8u;
  const STEPS_A = LANES / PARTS_A;
  const STEPS_B = LANES / PARTS_B;
  var stepA = begin + lane / PARTS_A;
  var stepB = begin + lane / PARTS_B;
  var at0 = outputAt(stepA, rows);
  var at1 = outputAt(stepA + STEPS_A, rows);
  var at2 = outputAt(stepA + 2u * STEPS_A, rows);
  var at3 = outputAt(stepA + 3u * STEPS_A, rows);

  // #include "conv2d/parts/matrix-sums.wgsl"

  // Each turn loads the next slab into registers, multiplies the present slab, and then puts the loaded one in its place. The
  // first turn has nothing to multiply yet; the last loads zeros.
  for (var turn = begin; turn < end + SLAB; turn += SLAB) {
    let a0 = loadX(rows, at0, stepA < end);
    at0 = advanced(at0, rows);
    var a1 = Chunk();
    var a2 = Chunk();
    var a3 = Chunk();
    if (LOADS_A > 1u) {
      a1 = loadX(rows, at1, stepA + STEPS_A < end);
      at1 = advanced(at1, rows);
    }
    if (LOADS_A > 2u) {
      a2 = loadX(rows, at2, stepA + 2u * STEPS_A < end);
      at2 = advanced(at2, rows);
    }
    if (LOADS_A > 3u) {
      a3 = loadX(rows, at3, stepA + 3u * STEPS_A < end);
      at3 = advanced(at3, rows);
    }
    let b0 = loadDy(stepB, columnB, end);
    var b1 = Chunk();
    var b2 = Chunk();
    var b3 = Chunk();
    if (LOADS_B > 1u) { b1 = loadDy(stepB + STEPS_B, columnB, end); }
    if (LOADS_B > 2u) { b2 = loadDy(stepB + 2u * STEPS_B, columnB, end); }
    if (LOADS_B > 3u) { b3 = loadDy(stepB + 3u * STEPS_B, columnB, end); }
    stepA += SLAB;
    stepB += SLAB;
    if (turn > begin) {
      // #include "conv2d/parts/matrix-multiply.wgsl"
    }
    workgroupBarrier();
    // #include "conv2d/parts/matrix-keep.wgsl"
    workgroupBarrier();
  }
  // #include "conv2d/parts/matrix-write.wgsl"
}
