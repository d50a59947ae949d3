// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O] in f16, sums in f32, or all in f32 by three products of f16; any C and O, loaded 8 at a
// time where they are multiples of 8.
//
// Implicit GEMM on matrix hardware: rows m = (n,p,q), columns o, depth (r,s,c) with c fastest; conv2d/parts/matrix-gemm.wgsl says how.
//
// Measured 2026-11-26, NVIDIA H200 (driver 580.159.04), batch 16, 3x3 256->256 at 64x64, reflect: 64x128 0.48 ms (160 TFLOP/s), 128x64 0.51
// (152), 128x128 0.55 (142), 64x64 0.72 (108); conv2d/forward-workgroup in f16 2.41 (32).

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/taps.wgsl"
// #include "conv2d/parts/matrix-gemm.wgsl"
// #include "conv2d/parts/matrix-rows.wgsl"
// #include "conv2d/parts/matrix-columns.wgsl"
// #include "conv2d/parts/matrix-forward.wgsl"
override EIGHTS_C: bool; // C is a multiple of 8
override EIGHTS_O: bool;
// Eight depth steps of a row: the c8-th eight channels of a pixel if C is a multiple of 8, else the steps from `depth` on.
fn loadX(window: Window, pixel: i32, c8: u32, depth: u32) -> Chunk {
  if (EIGHTS_C) { return chunkIf(pixel >= 0, x8[u32(max(pixel, 0)) * (k.c / 8u) + c8]); }
  return pack(
    vec4f(xAt(window, depth), xAt(window, depth + 1u), xAt(window, depth + 2u), xAt(window, depth + 3u)),
    vec4f(xAt(window, depth + 4u), xAt(window, depth + 5u), xAt(window, depth + 6u), xAt(window, depth + 7u)),
  );
}

// Eight columns of a depth step.
fn loadWeight(depth: u32, o: u32) -> Chunk {
  if (EIGHTS_O) {
    let inside = depth < k.kh * k.kw * k.c && o < k.o;
    return chunkIf(inside, weight8[select(0u, (depth * k.o + o) / 8u, inside)]);
  }
  return pack(
    vec4f(weightAt(depth, o), weightAt(depth, o + 1u), weightAt(depth, o + 2u), weightAt(depth, o + 3u)),
    vec4f(weightAt(depth, o + 4u), weightAt(depth, o + 5u), weightAt(depth, o + 6u), weightAt(depth, o + 7u)),
  );
}

fn write(m: u32, o: u32, low: vec4f, high: vec4f) {
  if (m < k.n * k.p * k.q) { finish(m, o, low, high); }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane_in_subgroup: u32,
) {
  let depth = k.kh * k.kw * k.c;
  let firstRow = tile.x * ROWS;
  let firstColumn = tile.y * COLUMNS;
  let row = subgroup / ACROSS * DOWN_EACH * M;
  let column = subgroup % ACROSS * ACROSS_EACH * N;

  // What this invocation loads: a chunk of the depth of some rows, and a chunk of columns at some depth steps.
  let window0 = rowWindow(firstRow + lane / PARTS_A);
  let window1 = rowWindow(firstRow + (lane + LANES) / PARTS_A);
  let window2 = rowWindow(firstRow + (lane + 2u * LANES) / PARTS_A);
  let window3 = rowWindow(firstRow + (lane + 3u * LANES) / PARTS_A);
  let columnB = firstColumn + lane % PARTS_B * 8u;
  const STEPS_B = LANES / PARTS_B;
  var stepA = lane % PARTS_A * 8u;
  var stepB = lane / PARTS_B;
  var at = Depth(0u, 0u, lane % PARTS_A);
  if (EIGHTS_C) { at = settled(at, k.c / 8u); }
  var pixel0 = pixelAt(window0, at.r, at.s);
  var pixel1 = pixelAt(window1, at.r, at.s);
  var pixel2 = pixelAt(window2, at.r, at.s);
  var pixel3 = pixelAt(window3, at.r, at.s);

  // #include "conv2d/parts/matrix-sums.wgsl"

  // Each turn loads the next slab into registers, multiplies the present slab, and then puts the loaded one in its place. The
  // first turn has nothing to multiply yet; the last loads zeros.
  for (var turn = 0u; turn < depth + SLAB; turn += SLAB) {
    let a0 = loadX(window0, pixel0, at.part, stepA);
    var a1 = Chunk();
    var a2 = Chunk();
    var a3 = Chunk();
    if (LOADS_A > 1u) { a1 = loadX(window1, pixel1, at.part, stepA); }
    if (LOADS_A > 2u) { a2 = loadX(window2, pixel2, at.part, stepA); }
    if (LOADS_A > 3u) { a3 = loadX(window3, pixel3, at.part, stepA); }
    let b0 = loadWeight(stepB, columnB);
    var b1 = Chunk();
    var b2 = Chunk();
    var b3 = Chunk();
    if (LOADS_B > 1u) { b1 = loadWeight(stepB + STEPS_B, columnB); }
    if (LOADS_B > 2u) { b2 = loadWeight(stepB + 2u * STEPS_B, columnB); }
    if (LOADS_B > 3u) { b3 = loadWeight(stepB + 3u * STEPS_B, columnB); }
    stepA += SLAB;
    stepB += SLAB;
    if (EIGHTS_C) {
      at.part += PARTS_A;
      if (at.part >= k.c / 8u) {
        at = settled(at, k.c / 8u);
        pixel0 = pixelAt(window0, at.r, at.s);
        if (LOADS_A > 1u) { pixel1 = pixelAt(window1, at.r, at.s); }
        if (LOADS_A > 2u) { pixel2 = pixelAt(window2, at.r, at.s); }
        if (LOADS_A > 3u) { pixel3 = pixelAt(window3, at.r, at.s); }
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
