// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O]; any C and O, read as vec4s where they are multiples of 4.
//
// Implicit GEMM for GPUs: rows m = (n,p,q), columns o, depth (r,s,c) with c fastest. One workgroup = ROWS x COLUMNS results.
//
// In workgroup memory a row of slabA is 2 vec4s of 4 depth steps, and a depth step of slabB is vec4s of 4 columns. Lanes write them in the
// order in which they load them, so without bank conflicts. When 8 neighbouring lanes read, all read the same rows, which is a broadcast,
// and neighbouring columns. The next slab is loaded into registers before the present one is multiplied, so that the loads arrive while
// the multiplications run.
//
// Measured 2026-11-25, llvmpipe Mesa 25.0.7, CPU time of the process / 2 cores (a busy machine), batch 1, robustness off: 3x3 128->128 at
// 16x16, reflect, 64x64 10.7 ms (7 GFLOP/s), 128x64 7.5 (10), 128x128 6.9 (11), 32x64 11.8 (6); conv2d/forward-tiled 1.6 (48).
// Measured 2026-11-26, NVIDIA H200 (driver 580.159.04), batch 16, 3x3 256->256 at 64x64, reflect: 64x64 2.33 ms (33 TFLOP/s), 32x64 2.51 (31),
// 128x64 2.60 (30), 128x128 2.76 (28); batch 2, 7x7 64->3 at 256x256: 64x16 0.55 ms, 64x64 1.66.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/taps.wgsl"
// #include "parts/activate.wgsl"
// #include "matmul/parts/gemm.wgsl"
override BIAS: bool;
override VEC4_C: bool; // C is a multiple of 4
override VEC4_O: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;
// x and weight once more, as vec4s.
@group(0) @binding(4) var<storage, read> x4: array<Element4>;
@group(0) @binding(5) var<storage, read> weight4: array<Element4>;

override LOADS_A = 2u * ROWS / LANES; // vec4s that a lane loads for a slab: 1, 2 or 4 of operand a, 1 or 2 of b
override LOADS_B = 2u * COLUMNS / LANES;

// Four depth steps of a row: the c4-th four channels of a pixel if C is a multiple of 4, else the steps from `depth` on.
fn loadX(window: Window, pixel: i32, c4: u32, depth: u32) -> vec4f {
  if (VEC4_C) { return select(vec4f(0), vec4f(x4[u32(max(pixel, 0)) * (k.c / 4u) + c4]), pixel >= 0); }
  return vec4f(xAt(window, depth), xAt(window, depth + 1u), xAt(window, depth + 2u), xAt(window, depth + 3u));
}

// Four columns of a depth step.
fn loadWeight(depth: u32, o: u32) -> vec4f {
  if (VEC4_O) {
    let inside = depth < k.kh * k.kw * k.c && o < k.o;
    return select(vec4f(0), vec4f(weight4[select(0u, (depth * k.o + o) / 4u, inside)]), inside);
  }
  return vec4f(weightAt(depth, o), weightAt(depth, o + 1u), weightAt(depth, o + 2u), weightAt(depth, o + 3u));
}

// Four rows of slabA over the four depth steps of its half `q`.
fn rowsOf(row: u32, q: u32) -> mat4x4f {
  let at = 2u * row + q;
  return mat4x4f(slabA[at], slabA[at + 2u * DOWN], slabA[at + 4u * DOWN], slabA[at + 6u * DOWN]);
}

// Four columns of slabB at the four depth steps of its half `q`.
fn columnsOf(quad: u32, q: u32) -> mat4x4f {
  let at = q * COLUMNS + quad;
  return mat4x4f(slabB[at], slabB[at + COLUMNS / 4u], slabB[at + COLUMNS / 2u], slabB[at + 3u * COLUMNS / 4u]);
}

fn write(m: u32, o: u32, sum: vec4f) {
  if (VEC4_O) {
    if (o >= k.o) { return; }
    var v = sum;
    if (BIAS) { v += vec4f(bias[o], bias[o + 1u], bias[o + 2u], bias[o + 3u]); }
    v = activate4(v);
    // Written as four times a whole number, so that a compiler can make one store of it.
    let at = 4u * ((m * k.o + o) / 4u);
    y[at] = Element(v.x);
    y[at + 1u] = Element(v.y);
    y[at + 2u] = Element(v.z);
    y[at + 3u] = Element(v.w);
    return;
  }
  for (var j = 0u; j < min(4u, k.o - min(o, k.o)); j++) {
    var v = sum[j];
    if (BIAS) { v += bias[o + j]; }
    y[m * k.o + o + j] = Element(activate(v));
  }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let depth = k.kh * k.kw * k.c;
  let firstRow = tile.x * ROWS;
  let firstColumn = tile.y * COLUMNS;

  // What this lane loads: half lane % 2 of the depth of one, two or four rows, and a column quad of one or two depth steps.
  let window0 = rowWindow(firstRow + lane / 2u);
  let window1 = rowWindow(firstRow + (lane + LANES) / 2u);
  let window2 = rowWindow(firstRow + (lane + 2u * LANES) / 2u);
  let window3 = rowWindow(firstRow + (lane + 3u * LANES) / 2u);
  let column = firstColumn + 4u * (lane % (COLUMNS / 4u));
  var stepA = 4u * (lane % 2u);
  var stepB = lane / (COLUMNS / 4u);
  var at = Depth(0u, 0u, lane % 2u);
  if (VEC4_C) { at = settled(at, k.c / 4u); }
  var pixel0 = pixelAt(window0, at.r, at.s);
  var pixel1 = pixelAt(window1, at.r, at.s);
  var pixel2 = pixelAt(window2, at.r, at.s);
  var pixel3 = pixelAt(window3, at.r, at.s);

  // What it multiplies: rows `row`, `row` + DOWN, …, and the column quads `quad` and `quad` + ACROSS.
  let row = lane / ACROSS;
  let quad = lane % ACROSS;
  var topLeft = mat4x4f();
  var topRight = mat4x4f();
  var bottomLeft = mat4x4f();
  var bottomRight = mat4x4f();

  // Each turn loads the next slab into registers, multiplies the present slab, and then puts the loaded one in its place. The
  // first turn has nothing to multiply yet; the last loads zeros.
  for (var turn = 0u; turn < depth + SLAB; turn += SLAB) {
    let a0 = loadX(window0, pixel0, at.part, stepA);
    var a1 = vec4f(0);
    if (LOADS_A > 1u) { a1 = loadX(window1, pixel1, at.part, stepA); }
    var a2 = vec4f(0);
    var a3 = vec4f(0);
    if (LOADS_A > 2u) {
      a2 = loadX(window2, pixel2, at.part, stepA);
      a3 = loadX(window3, pixel3, at.part, stepA);
    }
    let b0 = loadWeight(stepB, column);
    var b1 = vec4f(0);
    if (LOADS_B > 1u) { b1 = loadWeight(stepB + SLAB / 2u, column); }
    stepA += SLAB;
    stepB += SLAB;
    if (VEC4_C) {
      at.part += SLAB / 4u;
      if (at.part >= k.c / 4u) {
        at = settled(at, k.c / 4u);
        pixel0 = pixelAt(window0, at.r, at.s);
        pixel1 = pixelAt(window1, at.r, at.s);
        if (LOADS_A > 2u) {
          pixel2 = pixelAt(window2, at.r, at.s);
          pixel3 = pixelAt(window3, at.r, at.s);
        }
      }
    }

    if (turn > 0u) {
      for (var q = 0u; q < 2u; q++) {
        let top = rowsOf(row, q);
        let bottom = rowsOf(row + 4u * DOWN, q);
        let left = columnsOf(quad, q);
        topLeft = multiplyAdd(topLeft, top, left);
        bottomLeft = multiplyAdd(bottomLeft, bottom, left);
        if (WIDE) {
          let right = columnsOf(quad + ACROSS, q);
          topRight = multiplyAdd(topRight, top, right);
          bottomRight = multiplyAdd(bottomRight, bottom, right);
        }
      }
    }

    // #include "matmul/parts/gemm-keep.wgsl"
  }

  // The bound keeps the compiler from unrolling this loop: eight copies of what follows take long to compile.
  let blocks = array(topLeft, bottomLeft, topRight, bottomRight);
  let ends = min(firstRow + ROWS, k.n * k.p * k.q);
  var i = 0u;
  for (var m = firstRow + row; m < ends; m += DOWN) {
    write(m, firstColumn + 4u * quad, blocks[i / 4u][i % 4u]);
    if (WIDE) { write(m, firstColumn + 4u * (quad + ACROSS), blocks[2u + i / 4u][i % 4u]); }
    i += 1u;
  }
}
