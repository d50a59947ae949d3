// out[z,m,o] = sum over d of a[z,m,d] * b[z,d,o], a product of matrices for each z; or, DEPTH_FIRST, of a[z,d,m] * b[z,d,o], or,
// TRANSPOSED, of a[z,m,d] * b[z,o,d].
// a [Z,M,D] or [Z,D,M], b [Z,D,O] or [Z,O,D], out [Z,M,O]; M, D and O multiples of 4, D only where it lies last, M only where it does.
//
// For GPUs: one workgroup = ROWS x COLUMNS results. Slabs, registers and turns as in conv2d/forward-workgroup, DEPTH_FIRST as in
// conv2d/weight-grad-workgroup.
//
// Not measured on a GPU yet.

// #include "winograd/parts/product.wgsl"
// #include "matmul/parts/gemm.wgsl"
override DEPTH_FIRST: bool;
override TRANSPOSED: bool;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;

override LOADS_A = 2u * ROWS / LANES; // vec4s that a lane loads for a slab: 1, 2 or 4 of operand a, 1 or 2 of b
override LOADS_B = 2u * COLUMNS / LANES;

// A vec4 of a slab: where it lies in the first slab, and at which depth, or past the end where its row or column is.
struct Source { at: u32, depth: u32 }

fn sourceA(z: u32, firstRow: u32, slot: u32) -> Source {
  if (DEPTH_FIRST) {
    let row = firstRow + 4u * (slot % (ROWS / 4u));
    let depth = slot / (ROWS / 4u);
    return Source(((z * k.depth + depth) * k.rows + row) / 4u, select(k.depth, depth, row < k.rows));
  }
  let row = firstRow + slot / 2u;
  let depth = 4u * (slot % 2u);
  return Source(((z * k.rows + row) * k.depth + depth) / 4u, select(k.depth, depth, row < k.rows));
}

fn sourceB(z: u32, firstColumn: u32, slot: u32) -> Source {
  if (TRANSPOSED) {
    let column = firstColumn + slot / 2u;
    let depth = 4u * (slot % 2u);
    return Source(((z * k.columns + column) * k.depth + depth) / 4u, select(k.depth, depth, column < k.columns));
  }
  let column = firstColumn + 4u * (slot % (COLUMNS / 4u));
  let depth = slot / (COLUMNS / 4u);
  return Source(((z * k.depth + depth) * k.columns + column) / 4u, select(k.depth, depth, column < k.columns));
}

fn loadA(source: Source, turn: u32) -> vec4f {
  let inside = source.depth + turn < k.depth;
  let slabs = turn / 4u * select(1u, k.rows, DEPTH_FIRST);
  return select(vec4f(0), a[select(0u, source.at + slabs, inside)], inside);
}

fn loadB(source: Source, turn: u32) -> vec4f {
  let inside = source.depth + turn < k.depth;
  let slabs = turn / 4u * select(k.columns, 1u, TRANSPOSED);
  return select(vec4f(0), b[select(0u, source.at + slabs, inside)], inside);
}

// Four rows of slabA over the four depth steps of its half `q`: `row` and those DOWN apart, or a quad of them.
fn rowsOf(row: u32, q: u32) -> mat4x4f {
  if (DEPTH_FIRST) {
    let at = q * ROWS + row;
    return transpose(mat4x4f(slabA[at], slabA[at + ROWS / 4u], slabA[at + ROWS / 2u], slabA[at + 3u * ROWS / 4u]));
  }
  let at = 2u * row + q;
  return mat4x4f(slabA[at], slabA[at + 2u * DOWN], slabA[at + 4u * DOWN], slabA[at + 6u * DOWN]);
}

// Four columns of slabB at the four depth steps of its half `q`.
fn columnsOf(quad: u32, q: u32) -> mat4x4f {
  if (TRANSPOSED) {
    let at = 8u * quad + q;
    return transpose(mat4x4f(slabB[at], slabB[at + 2u], slabB[at + 4u], slabB[at + 6u]));
  }
  let at = q * COLUMNS + quad;
  return mat4x4f(slabB[at], slabB[at + COLUMNS / 4u], slabB[at + COLUMNS / 2u], slabB[at + 3u * COLUMNS / 4u]);
}

fn write(z: u32, m: u32, o: u32, sum: vec4f) {
  if (m < k.rows && o < k.columns) { out[((z * k.rows + m) * k.columns + o) / 4u] = sum; }
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let firstRow = tile.x * ROWS;
  let firstColumn = tile.y * COLUMNS;
  let a0At = sourceA(tile.z, firstRow, lane);
  let a1At = sourceA(tile.z, firstRow, lane + LANES);
  let a2At = sourceA(tile.z, firstRow, lane + 2u * LANES);
  let a3At = sourceA(tile.z, firstRow, lane + 3u * LANES);
  let b0At = sourceB(tile.z, firstColumn, lane);
  let b1At = sourceB(tile.z, firstColumn, lane + LANES);

  // What it multiplies: eight rows from `row` on, and the column quads `quad` and `quad` + ACROSS.
  let row = lane / ACROSS;
  let quad = lane % ACROSS;
  let lowerRow = row + select(4u, 1u, DEPTH_FIRST) * DOWN;
  var topLeft = mat4x4f();
  var topRight = mat4x4f();
  var bottomLeft = mat4x4f();
  var bottomRight = mat4x4f();

  // Each turn loads the next slab into registers, multiplies the present slab, and then puts the loaded one in its place. The
  // first turn has nothing to multiply yet; the last loads zeros.
  for (var turn = 0u; turn < k.depth + SLAB; turn += SLAB) {
    let a0 = loadA(a0At, turn);
    var a1 = vec4f(0);
    if (LOADS_A > 1u) { a1 = loadA(a1At, turn); }
    var a2 = vec4f(0);
    var a3 = vec4f(0);
    if (LOADS_A > 2u) {
      a2 = loadA(a2At, turn);
      a3 = loadA(a3At, turn);
    }
    let b0 = loadB(b0At, turn);
    var b1 = vec4f(0);
    if (LOADS_B > 1u) { b1 = loadB(b1At, turn); }

    if (turn > 0u) {
      for (var q = 0u; q < 2u; q++) {
        let top = rowsOf(row, q);
        let bottom = rowsOf(lowerRow, q);
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

  for (var i = 0u; i < 4u; i++) {
    let top = firstRow + select(row + i * DOWN, 4u * row + i, DEPTH_FIRST);
    let bottom = top + 4u * DOWN;
    write(tile.z, top, firstColumn + 4u * quad, topLeft[i]);
    write(tile.z, bottom, firstColumn + 4u * quad, bottomLeft[i]);
    if (WIDE) {
      write(tile.z, top, firstColumn + 4u * (quad + ACROSS), topRight[i]);
      write(tile.z, bottom, firstColumn + 4u * (quad + ACROSS), bottomRight[i]);
    }
  }
}
