// y[n,p,q,o] = activation(bias[o] + sum over r,s,c of x[n, p*stride + r - padding, q*stride + s - padding, c] * weight[r,s,c,o])
// x [N,H,W,C], weight [KH,KW,C,O], y [N,P,Q,O] in f16, sums in f32; any C and O, loaded 8 at a time where they are multiples of 8.
//
// Implicit GEMM on matrix hardware: rows m = (n,p,q), columns o, depth (r,s,c) with c fastest; parts/matrix_gemm.wgsl says how.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

// #include "parts/conv.wgsl"
// #include "parts/window.wgsl"
// #include "parts/activate.wgsl"
// #include "parts/matrix_gemm.wgsl"
override BIAS: bool;
override EIGHTS_C: bool; // C is a multiple of 8
override EIGHTS_O: bool;
@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read> weight: array<f16>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f16>;
// x and weight once more, as chunks.
@group(0) @binding(4) var<storage, read> x8: array<vec4u>;
@group(0) @binding(5) var<storage, read> weight8: array<vec4u>;

// Both slabs as the operands lie: a row's depth steps in a line, and a depth step's columns in a line.
const LINE_A = SLAB + 8u;
const LINE_B = COLUMNS + 8u;
const SIZE_A = ROWS * LINE_A;
const SIZE_B = SLAB * LINE_B;
const PARTS = SLAB / 8u; // chunks of a row

fn chunkA(i: u32) -> u32 { return i / PARTS * LINE_A + i % PARTS * 8u; }

fn chunkB(i: u32) -> u32 { return i / (COLUMNS / 8u) * LINE_B + i % (COLUMNS / 8u) * 8u; }

fn leftOf(buffer: u32, row: u32, depth: u32) -> Left {
  return subgroupMatrixLoad<Left, row_major>(&slabA, (buffer * SIZE_A + row * LINE_A + depth) / 4u, LINE_A / 4u);
}

fn rightOf(buffer: u32, depth: u32, column: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&slabB, (buffer * SIZE_B + depth * LINE_B + column) / 4u, LINE_B / 4u);
}

// The window of row m; rows past the end repeat the last, and are not written.
fn rowWindow(m: u32) -> Window {
  let row = min(m, k.n * k.p * k.q - 1u);
  return windowOf(row / (k.p * k.q), row / k.q % k.p, row % k.q);
}

// A tap, and a chunk of its channels.
struct Depth { r: u32, s: u32, c8: u32 }

// Moves on to the tap that c8 has run into; past the last one r is KH.
fn settled(at: Depth) -> Depth {
  var next = at;
  while (next.c8 >= k.c / 8u) {
    next.c8 -= k.c / 8u;
    next.s += 1u;
    if (next.s == k.kw) {
      next.s = 0u;
      next.r += 1u;
    }
  }
  return next;
}

fn xAt(window: Window, depth: u32) -> f16 {
  let tap = depth / k.c;
  let pixel = pixelAt(window, tap / k.kw, tap % k.kw);
  return select(0.0h, x[u32(max(pixel, 0)) * k.c + depth % k.c], pixel >= 0);
}

// Eight depth steps of a row: channels c8 of a pixel where C allows, else from `depth` on.
fn loadX(window: Window, pixel: i32, c8: u32, depth: u32) -> vec4u {
  if (EIGHTS_C) { return select(vec4u(0), x8[u32(max(pixel, 0)) * (k.c / 8u) + c8], pixel >= 0); }
  var values: array<f16, 8>;
  for (var i = 0u; i < 8u; i++) { values[i] = xAt(window, depth + i); }
  return pack(values);
}

// Eight columns of a depth step.
fn loadWeight(depth: u32, o: u32) -> vec4u {
  let within = depth < k.kh * k.kw * k.c;
  if (EIGHTS_O) {
    let inside = within && o < k.o;
    return select(vec4u(0), weight8[select(0u, (depth * k.o + o) / 8u, inside)], inside);
  }
  var values: array<f16, 8>;
  for (var i = 0u; i < 8u; i++) {
    let inside = within && o + i < k.o;
    values[i] = select(0.0h, weight[select(0u, depth * k.o + o + i, inside)], inside);
  }
  return pack(values);
}

fn write(m: u32, o: u32, low: vec4f, high: vec4f) {
  if (m >= k.n * k.p * k.q) { return; }
  for (var i = 0u; i < min(8u, k.o - min(o, k.o)); i++) {
    var v = select(low[i % 4u], high[i % 4u], i >= 4u);
    if (BIAS) { v += bias[o + i]; }
    y[m * k.o + o + i] = f16(activate(v));
  }
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
  var windows: array<Window, LOADS_A>;
  var pixels: array<i32, LOADS_A>;
  var at = Depth(0u, 0u, lane % PARTS);
  if (EIGHTS_C) { at = settled(at); }
  for (var j = 0u; j < LOADS_A; j++) {
    windows[j] = rowWindow(firstRow + (lane + j * LANES) / PARTS);
    pixels[j] = pixelAt(windows[j], at.r, at.s);
  }
  let columnB = firstColumn + lane % (COLUMNS / 8u) * 8u;
  let stepB = lane / (COLUMNS / 8u);

  // Each turn loads a slab into registers (in the last turn zeros), multiplies the slab before it, and then puts the new one in its place.
  var sums: Sums;
  var buffer = 0u;
  for (var turn = 0u; turn < depth + SLAB; turn += SLAB) {
    var a: array<vec4u, LOADS_A>;
    var b: array<vec4u, LOADS_B>;
    for (var j = 0u; j < LOADS_A; j++) { a[j] = loadX(windows[j], pixels[j], at.c8, turn + lane % PARTS * 8u); }
    for (var j = 0u; j < LOADS_B; j++) { b[j] = loadWeight(turn + stepB + j * (LANES / (COLUMNS / 8u)), columnB); }
    if (EIGHTS_C) {
      at.c8 += PARTS;
      if (at.c8 >= k.c / 8u) {
        at = settled(at);
        for (var j = 0u; j < LOADS_A; j++) { pixels[j] = pixelAt(windows[j], at.r, at.s); }
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
