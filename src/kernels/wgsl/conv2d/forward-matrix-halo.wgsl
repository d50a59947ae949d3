// y as in conv2d/forward-matrix, for 3 × 3 taps at stride 1, C and O multiples of 8, in f16.
//
// A workgroup computes rectangles of LINES_OUT lines of M pixels, so that a matrix is a piece of a line. It stages the pixels that these
// read, once for SLAB channels, with the margin of a tap around them, and multiplies all nine taps out of that: each tap is another
// place to begin in it. conv2d/forward-matrix loads 6.4 times as much of x at 128 rows, and looks for every pixel nine times.
// What lies past the last line or column of an image is computed from its edge, and not written.
//
// Not timed on a GPU.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

// #include "conv2d/parts/conv.wgsl"
// #include "conv2d/parts/source.wgsl"
// #include "conv2d/parts/matrix-gemm.wgsl"
// #include "conv2d/parts/matrix-columns.wgsl"
// #include "conv2d/parts/matrix-forward.wgsl"

const TAPS = 3u; // down, and across
const LINES_OUT = ROWS / M;
const STAGED_DOWN = LINES_OUT + TAPS - 1u;
const STAGED_ACROSS = M + TAPS - 1u;

// Operand a: the staged pixels, line by line, with SLAB channels each.
const LINE_A = SLAB + 8u;
const SIZE_A = STAGED_DOWN * STAGED_ACROSS * LINE_A;
const PARTS_A = SLAB / 8u; // chunks of a pixel
const CHUNKS_A = STAGED_DOWN * STAGED_ACROSS * PARTS_A;

// The first staged pixel of the present tap.
var<private> tapAt: u32;

fn placeA(i: u32) -> u32 { return i / PARTS_A * LINE_A + i % PARTS_A * 8u; }

fn leftOf(slab: u32, row: u32, depth: u32) -> Left {
  let at = slab + (tapAt + row / M * STAGED_ACROSS) * LINE_A + depth;
  return subgroupMatrixLoad<Left, row_major>(&slabA, at / UNIT, LINE_A / UNIT);
}

// The image, and the first output pixel, of a rectangle.
struct Rectangle { n: u32, p: u32, q: u32 }

fn rectangleOf(tile: u32) -> Rectangle {
  let across = (k.q + M - 1u) / M;
  let down = (k.p + LINES_OUT - 1u) / LINES_OUT;
  return Rectangle(tile / (across * down), tile / across % down * LINES_OUT, tile % across * M);
}

// The pixel of x of the i-th chunk that is staged, or -1 for a zero of the padding.
fn stagedPixel(rectangle: Rectangle, i: u32) -> i32 {
  let at = i / PARTS_A;
  let top = min(rectangle.p + at / STAGED_ACROSS, k.p + TAPS - 2u);
  let left = min(rectangle.q + at % STAGED_ACROSS, k.q + TAPS - 2u);
  let h = source(i32(top) - i32(k.padding), i32(k.h));
  let w = source(i32(left) - i32(k.padding), i32(k.w));
  return select(-1, (i32(rectangle.n * k.h) + h) * i32(k.w) + w, h >= 0 && w >= 0);
}

// Eight channels of a pixel; zeros past the last.
fn loadX(pixel: i32, c8: u32) -> Chunk {
  let there = pixel >= 0 && c8 < k.c / 8u;
  return chunkIf(there, x8[select(0u, u32(max(pixel, 0)) * (k.c / 8u) + c8, there)]);
}

// Eight columns of a channel of a tap.
fn loadWeight(tap: u32, c: u32, o: u32) -> Chunk {
  let inside = c < k.c && o < k.o;
  return chunkIf(inside, weight8[select(0u, ((tap * k.c + c) * k.o + o) / 8u, inside)]);
}

var<private> own: Rectangle;

fn write(m: u32, o: u32, low: vec4f, high: vec4f) {
  let p = own.p + m / M;
  let q = own.q + m % M;
  if (p < k.p && q < k.q) { finish((own.n * k.p + p) * k.q + q, o, low, high); }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) tile: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
  @builtin(subgroup_invocation_id) lane_in_subgroup: u32,
) {
  own = rectangleOf(tile.x);
  let firstRow = 0u;
  let firstColumn = tile.y * COLUMNS;
  let row = subgroup / ACROSS * DOWN_EACH * M;
  let column = subgroup % ACROSS * ACROSS_EACH * N;

  // What this invocation loads: a chunk of some staged pixels, and of columns at some channels.
  let pixel0 = stagedPixel(own, lane);
  let pixel1 = stagedPixel(own, lane + LANES);
  let pixel2 = stagedPixel(own, lane + 2u * LANES);
  let pixel3 = stagedPixel(own, lane + 3u * LANES);
  let pixel4 = stagedPixel(own, lane + 4u * LANES);
  let pixel5 = stagedPixel(own, lane + 5u * LANES);
  let columnB = firstColumn + lane % PARTS_B * 8u;
  const STEPS_B = LANES / PARTS_B;

  // #include "conv2d/parts/matrix-sums.wgsl"

  // Each turn loads the weights of the next tap into registers, and the pixels where the next slab begins, multiplies the present tap, and
  // then puts the loaded ones in their place. The first turn has nothing to multiply yet, and the last only multiplies: it loads zeros.
  var tap = 0u;
  var slab = 0u; // its first channel
  for (var turn = 0u; ; turn++) {
    var a0 = Chunk();
    var a1 = Chunk();
    var a2 = Chunk();
    var a3 = Chunk();
    var a4 = Chunk();
    var a5 = Chunk();
    if (tap == 0u) {
      let c8 = slab / 8u;
      a0 = loadX(pixel0, c8 + lane % PARTS_A);
      if (LOADS_A > 1u) { a1 = loadX(pixel1, c8 + (lane + LANES) % PARTS_A); }
      if (LOADS_A > 2u) { a2 = loadX(pixel2, c8 + (lane + 2u * LANES) % PARTS_A); }
      if (LOADS_A > 3u) { a3 = loadX(pixel3, c8 + (lane + 3u * LANES) % PARTS_A); }
      if (LOADS_A > 4u) { a4 = loadX(pixel4, c8 + (lane + 4u * LANES) % PARTS_A); }
      if (LOADS_A > 5u) { a5 = loadX(pixel5, c8 + (lane + 5u * LANES) % PARTS_A); }
    }
    let stepB = slab + lane / PARTS_B;
    let b0 = loadWeight(tap, stepB, columnB);
    var b1 = Chunk();
    var b2 = Chunk();
    var b3 = Chunk();
    if (LOADS_B > 1u) { b1 = loadWeight(tap, stepB + STEPS_B, columnB); }
    if (LOADS_B > 2u) { b2 = loadWeight(tap, stepB + 2u * STEPS_B, columnB); }
    if (LOADS_B > 3u) { b3 = loadWeight(tap, stepB + 3u * STEPS_B, columnB); }
    if (turn > 0u) {
      // #include "conv2d/parts/matrix-multiply.wgsl"
    }
    if (slab >= k.c) { break; }
    workgroupBarrier();
    if (tap == 0u) {
      // #include "conv2d/parts/matrix-keep-a.wgsl"
      if (LOADS_A > 4u) { keepA(lane + 4u * LANES, a4); }
      if (LOADS_A > 5u) { keepA(lane + 5u * LANES, a5); }
    }
    // #include "conv2d/parts/matrix-keep-b.wgsl"
    workgroupBarrier();
    tapAt = tap / TAPS * STAGED_ACROSS + tap % TAPS;
    tap += 1u;
    if (tap == TAPS * TAPS) {
      tap = 0u;
      slab += SLAB;
    }
  }
  // #include "conv2d/parts/matrix-write.wgsl"
}
