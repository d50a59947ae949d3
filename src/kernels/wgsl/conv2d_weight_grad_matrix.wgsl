// part[z,r,s,c,o] = sum over the z-th share of pixels (n,p,q) of x[n, p*stride + r - padding, q*stride + s - padding, c] * dy[n,p,q,o]
// x [N,H,W,C], dy [N,P,Q,O] in f16, part [splits,KH,KW,C,O] in f32; any C and O, loaded 8 at a time where they are multiples of 8.
// sum_parts adds several shares up in a fixed order; a single one is written, or added, to dw itself.
//
// GEMM on matrix hardware: rows (r,s,c), columns o, depth (n,p,q), split so that all of a GPU has work; parts/matrix_gemm.wgsl says how.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

// #include "parts/conv_shares.wgsl"
// #include "parts/window.wgsl"
// #include "parts/matrix_gemm.wgsl"
override EIGHTS_C: bool; // C is a multiple of 8
override EIGHTS_O: bool;
@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read> dy: array<f16>;
@group(0) @binding(2) var<storage, read_write> part: array<f32>;
// x and dy once more, as chunks.
@group(0) @binding(3) var<storage, read> x8: array<vec4u>;
@group(0) @binding(4) var<storage, read> dy8: array<vec4u>;

// Both slabs as the operands lie: the rows of a depth step in a line, and its columns.
const LINE_A = ROWS + 8u;
const LINE_B = COLUMNS + 8u;
const SIZE_A = SLAB * LINE_A;
const SIZE_B = SLAB * LINE_B;
const PARTS_A = ROWS / 8u; // chunks of a line
const PARTS_B = COLUMNS / 8u;

fn chunkA(i: u32) -> u32 { return i / PARTS_A * LINE_A + i % PARTS_A * 8u; }

fn chunkB(i: u32) -> u32 { return i / PARTS_B * LINE_B + i % PARTS_B * 8u; }

fn leftOf(buffer: u32, row: u32, depth: u32) -> Left {
  return subgroupMatrixLoad<Left, col_major>(&slabA, (buffer * SIZE_A + depth * LINE_A + row) / 4u, LINE_A / 4u);
}

fn rightOf(buffer: u32, depth: u32, column: u32) -> Right {
  return subgroupMatrixLoad<Right, row_major>(&slabB, (buffer * SIZE_B + depth * LINE_B + column) / 4u, LINE_B / 4u);
}

// An output pixel.
struct Output { n: u32, p: u32, q: u32 }

// Moves on to the line that q has run into.
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

// Eight rows (r,s,c), from `row` on, of a depth step; zeros where the share has ended.
fn loadX(row: u32, at: Output, inside: bool) -> vec4u {
  let window = windowOf(at.n, at.p, at.q);
  let rows = k.kh * k.kw * k.c;
  if (EIGHTS_C) {
    let tap = row / k.c;
    let pixel = pixelAt(window, tap / k.kw, tap % k.kw);
    let there = inside && row < rows && pixel >= 0;
    return select(vec4u(0), x8[select(0u, (u32(pixel) * k.c + row % k.c) / 8u, there)], there);
  }
  var values: array<f16, 8>;
  for (var i = 0u; i < 8u; i++) {
    let tap = (row + i) / k.c;
    let pixel = pixelAt(window, tap / k.kw, tap % k.kw);
    let there = inside && row + i < rows && pixel >= 0;
    values[i] = select(0.0h, x[select(0u, u32(pixel) * k.c + (row + i) % k.c, there)], there);
  }
  return pack(values);
}

// Eight columns of a depth step; zeros where the share has ended.
fn loadDy(m: u32, o: u32, inside: bool) -> vec4u {
  if (EIGHTS_O) {
    let there = inside && o < k.o;
    return select(vec4u(0), dy8[select(0u, (m * k.o + o) / 8u, there)], there);
  }
  var values: array<f16, 8>;
  for (var i = 0u; i < 8u; i++) {
    let there = inside && o + i < k.o;
    values[i] = select(0.0h, dy[select(0u, m * k.o + o + i, there)], there);
  }
  return pack(values);
}

var<private> share: u32;

fn write(row: u32, o: u32, low: vec4f, high: vec4f) {
  let rows = k.kh * k.kw * k.c;
  if (row >= rows) { return; }
  for (var i = 0u; i < min(8u, k.o - min(o, k.o)); i++) {
    let at = (share * rows + row) * k.o + o + i;
    var v = select(low[i % 4u], high[i % 4u], i >= 4u);
    if (k.accumulate == 1u) { v += part[at]; }
    part[at] = v;
  }
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
  let begin = all * tile.z / k.splits;
  let end = all * (tile.z + 1u) / k.splits;
  let firstRow = tile.y * ROWS;
  let firstColumn = tile.x * COLUMNS;
  let row = subgroup / ACROSS * DOWN_EACH * M;
  let column = subgroup % ACROSS * ACROSS_EACH * N;

  // What this invocation loads: a chunk of rows and one of columns, each at some depth steps.
  let rowA = firstRow + lane % PARTS_A * 8u;
  let columnB = firstColumn + lane % PARTS_B * 8u;
  var outputs: array<Output, LOADS_A>;
  for (var j = 0u; j < LOADS_A; j++) {
    let m = begin + (lane + j * LANES) / PARTS_A;
    outputs[j] = Output(m / (k.p * k.q), m / k.q % k.p, m % k.q);
  }

  // Each turn loads a slab into registers (in the last turn zeros), multiplies the slab before it, and then puts the new one in its place.
  var sums: Sums;
  var buffer = 0u;
  for (var turn = begin; turn < end + SLAB; turn += SLAB) {
    var a: array<vec4u, LOADS_A>;
    var b: array<vec4u, LOADS_B>;
    for (var j = 0u; j < LOADS_A; j++) {
      a[j] = loadX(rowA, outputs[j], turn + (lane + j * LANES) / PARTS_A < end);
      outputs[j] = settled(Output(outputs[j].n, outputs[j].p, outputs[j].q + SLAB));
    }
    for (var j = 0u; j < LOADS_B; j++) {
      let m = turn + (lane + j * LANES) / PARTS_B;
      b[j] = loadDy(m, columnB, m < end);
    }
    if (turn > begin) { multiply(&sums, (buffer + BUFFERS - 1u) % BUFFERS, row, column); }
    if (BUFFERS == 1u) { workgroupBarrier(); }
    keep(buffer, lane, &a, &b);
    workgroupBarrier();
    buffer = (buffer + 1u) % BUFFERS;
  }
  writeResults(&sums, subgroup, lane_in_subgroup, firstRow + row, firstColumn + column);
}
