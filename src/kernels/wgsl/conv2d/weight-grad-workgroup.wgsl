// part[z,r,s,c,o] = sum over the z-th share of pixels (n,p,q) of x[n, p*stride + r - padding, q*stride + s - padding, c] * dy[n,p,q,o]
// x [N,H,W,C], dy [N,P,Q,O], part [splits,KH,KW,C,O]; any C and O, read as vec4s where they are multiples of 4.
// If there are several shares, reduce/sum-parts adds them up in a fixed order; a single one goes to dw itself.
//
// GEMM for GPUs: rows (r,s,c), columns o, depth (n,p,q), which is split into shares so that all of a GPU has work. Slabs and
// registers as in conv2d/forward-workgroup, but a vec4 of slabA is 4 rows at one depth step, since that is how the channels of a
// pixel lie in memory.
//
// Measured 2026-11-25, llvmpipe Mesa 25.0.7, CPU time of the process / 2 cores (a busy machine), batch 1, robustness off: 3x3 128->128 at
// 16x16, reflect, 64x64 14.1 ms (5 GFLOP/s), 128x64 9.2 (8), 128x128 7.7 (10), 32x64 16.1 (5); conv2d/weight-grad-tiled 2.3 (33).
// Measured 2026-11-26, NVIDIA H200 (driver 580.159.04), batch 16, 3x3 256->256 at 64x64, reflect: 64x64 2.95 ms (26 TFLOP/s), 128x128 3.38
// (23), 128x64 3.80 (20), 32x64 3.81 (20).

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/shares.wgsl"
// #include "conv2d/parts/window.wgsl"
// #include "matmul/parts/gemm.wgsl"
override VEC4_C: bool; // C is a multiple of 4
override VEC4_O: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> dy: array<Element>;
@group(0) @binding(2) var<storage, read_write> part: array<f32>;
// x and dy once more, as vec4s.
@group(0) @binding(3) var<storage, read> x4: array<Element4>;
@group(0) @binding(4) var<storage, read> dy4: array<Element4>;

override LOADS_A = 2u * ROWS / LANES; // vec4s that a lane loads for a slab: 1, 2 or 4 of operand a, 1 or 2 of b
override LOADS_B = 2u * COLUMNS / LANES;

// Four rows: their taps and channels.
struct Rows { inside: vec4<bool>, r: vec4u, s: vec4u, c: vec4u }

fn rowsFrom(row: u32) -> Rows {
  let rows = row + vec4u(0u, 1u, 2u, 3u);
  let tap = rows / k.c;
  return Rows(rows < vec4u(k.kh * k.kw * k.c), tap / k.kw, tap % k.kw, rows % k.c);
}

// An output pixel.
struct Output { n: u32, p: u32, q: u32 }

// Where q has run past the end of its line, moves on to the line in which it lies.
fn settled(at: Output) -> Output {
  var next = at;
  while (next.q >= k.q) {
    next.q -= k.q;
    next.p += 1u;
    if (next.p == k.p) {
      next.p = 0u;
      next.n += 1u;
    }
  }
  return next;
}

fn xAt(window: Window, inside: bool, r: u32, s: u32, c: u32) -> f32 {
  let pixel = pixelAt(window, r, s);
  let there = inside && pixel >= 0;
  return select(0.0, f32(x[select(0u, u32(pixel) * k.c + c, there)]), there);
}

// Four rows of a depth step; zeros where the share has ended.
fn loadX(rows: Rows, at: Output, inside: bool) -> vec4f {
  let window = windowOf(at.n, at.p, at.q);
  if (VEC4_C) {
    let pixel = pixelAt(window, rows.r.x, rows.s.x);
    let there = inside && rows.inside.x && pixel >= 0;
    return select(vec4f(0), vec4f(x4[select(0u, (u32(pixel) * k.c + rows.c.x) / 4u, there)]), there);
  }
  return vec4f(
    xAt(window, inside && rows.inside.x, rows.r.x, rows.s.x, rows.c.x),
    xAt(window, inside && rows.inside.y, rows.r.y, rows.s.y, rows.c.y),
    xAt(window, inside && rows.inside.z, rows.r.z, rows.s.z, rows.c.z),
    xAt(window, inside && rows.inside.w, rows.r.w, rows.s.w, rows.c.w),
  );
}

fn dyAt(m: u32, o: u32, inside: bool) -> f32 {
  let there = inside && o < k.o;
  return select(0.0, f32(dy[select(0u, m * k.o + o, there)]), there);
}

// Four columns of a depth step; zeros where the share has ended.
fn loadDy(m: u32, o: u32, inside: bool) -> vec4f {
  if (VEC4_O) {
    let there = inside && o < k.o;
    return select(vec4f(0), vec4f(dy4[select(0u, (m * k.o + o) / 4u, there)]), there);
  }
  return vec4f(dyAt(m, o, inside), dyAt(m, o + 1u, inside), dyAt(m, o + 2u, inside), dyAt(m, o + 3u, inside));
}

// Four rows of slabA over the four depth steps of its half `q`.
fn rowsOf(quad: u32, q: u32) -> mat4x4f {
  let at = q * ROWS + quad;
  return transpose(mat4x4f(slabA[at], slabA[at + ROWS / 4u], slabA[at + ROWS / 2u], slabA[at + 3u * ROWS / 4u]));
}

// Four columns of slabB at the four depth steps of its half `q`.
fn columnsOf(quad: u32, q: u32) -> mat4x4f {
  let at = q * COLUMNS + quad;
  return mat4x4f(slabB[at], slabB[at + COLUMNS / 4u], slabB[at + COLUMNS / 2u], slabB[at + 3u * COLUMNS / 4u]);
}

fn write(line: u32, o: u32, sum: vec4f) {
  for (var j = 0u; j < min(4u, k.o - min(o, k.o)); j++) {
    let at = line * k.o + o + j;
    var v = sum[j];
    if (k.accumulate == 1u) { v += part[at]; }
    part[at] = v;
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let rows = k.kh * k.kw * k.c;
  let all = k.n * k.p * k.q;
  let begin = shareStart(all, tile.z);
  let end = shareStart(all, tile.z + 1u);
  let firstRow = tile.y * ROWS;
  let firstColumn = tile.x * COLUMNS;

  // What this lane loads: a quad of rows and one of columns, each at one, two or four depth steps.
  let rowsA = rowsFrom(firstRow + 4u * (lane % (ROWS / 4u)));
  let columnB = firstColumn + 4u * (lane % (COLUMNS / 4u));
  var stepA = begin + lane / (ROWS / 4u);
  var stepB = begin + lane / (COLUMNS / 4u);
  var at0 = Output(stepA / (k.p * k.q), stepA / k.q % k.p, stepA % k.q);
  var at1 = settled(Output(at0.n, at0.p, at0.q + SLAB / LOADS_A));
  var at2 = settled(Output(at0.n, at0.p, at0.q + 2u * SLAB / LOADS_A));
  var at3 = settled(Output(at0.n, at0.p, at0.q + 3u * SLAB / LOADS_A));

  // What it multiplies: the row quads `row` and `row` + DOWN, and the column quads `column` and `column` + ACROSS.
  let row = lane / ACROSS;
  let column = lane % ACROSS;
  var topLeft = mat4x4f();
  var topRight = mat4x4f();
  var bottomLeft = mat4x4f();
  var bottomRight = mat4x4f();

  // Each turn loads the next slab into registers, multiplies the present slab, and then puts the loaded one in its place. The
  // first turn has nothing to multiply yet; the last loads zeros.
  for (var turn = begin; turn < end + SLAB; turn += SLAB) {
    let a0 = loadX(rowsA, at0, stepA < end);
    at0 = settled(Output(at0.n, at0.p, at0.q + SLAB));
    var a1 = vec4f(0);
    if (LOADS_A > 1u) {
      a1 = loadX(rowsA, at1, stepA + SLAB / LOADS_A < end);
      at1 = settled(Output(at1.n, at1.p, at1.q + SLAB));
    }
    var a2 = vec4f(0);
    var a3 = vec4f(0);
    if (LOADS_A > 2u) {
      a2 = loadX(rowsA, at2, stepA + 2u * SLAB / LOADS_A < end);
      at2 = settled(Output(at2.n, at2.p, at2.q + SLAB));
      a3 = loadX(rowsA, at3, stepA + 3u * SLAB / LOADS_A < end);
      at3 = settled(Output(at3.n, at3.p, at3.q + SLAB));
    }
    let b0 = loadDy(stepB, columnB, stepB < end);
    var b1 = vec4f(0);
    if (LOADS_B > 1u) { b1 = loadDy(stepB + SLAB / 2u, columnB, stepB + SLAB / 2u < end); }
    stepA += SLAB;
    stepB += SLAB;

    if (turn > begin) {
      for (var q = 0u; q < 2u; q++) {
        let top = rowsOf(row, q);
        let bottom = rowsOf(row + DOWN, q);
        let left = columnsOf(column, q);
        topLeft = multiplyAdd(topLeft, top, left);
        bottomLeft = multiplyAdd(bottomLeft, bottom, left);
        if (WIDE) {
          let right = columnsOf(column + ACROSS, q);
          topRight = multiplyAdd(topRight, top, right);
          bottomRight = multiplyAdd(bottomRight, bottom, right);
        }
      }
    }

    // #include "matmul/parts/gemm-keep.wgsl"
  }

  // The bound keeps the compiler from unrolling this loop: eight copies of what follows take long to compile.
  // With fewer than 8 rows in all, the first of each quad are enough.
  let blocks = array(topLeft, bottomLeft, topRight, bottomRight);
  for (var i = 0u; i < min(8u, rows); i++) {
    let at = firstRow + 4u * (row + i / 4u * DOWN) + i % 4u;
    if (at >= rows) { continue; }
    let line = tile.z * rows + at;
    write(line, firstColumn + 4u * column, blocks[i / 4u][i % 4u]);
    if (WIDE) { write(line, firstColumn + 4u * (column + ACROSS), blocks[2u + i / 4u][i % 4u]); }
  }
}
