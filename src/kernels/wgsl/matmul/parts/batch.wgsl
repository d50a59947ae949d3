// A product of matrices for each z of `batches`: out[z,m,n] = Σ over r and d of a[z,r][m,d] · b[z,r][d,n].
// z lies over the batch axes of the mask `kept`, r of `repeats` over the others; a and b have those of their masks. In memory a matrix is
// [rows, depth] or, TRANSPOSE_A, [depth, rows]; and [depth, columns] or, TRANSPOSE_B, [columns, depth].

// #include "parts/dtype.wgsl"
// #include "parts/axes.wgsl"
override TRANSPOSE_A: bool;
override TRANSPOSE_B: bool;

struct Params {
  batches: u32, repeats: u32, rows: u32, depth: u32, columns: u32,
  e0: u32, e1: u32, e2: u32, e3: u32, e4: u32, e5: u32,
  kept: u32, ofA: u32, ofB: u32,
}
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element>;
@group(0) @binding(1) var<storage, read> b: array<Element>;
@group(0) @binding(2) var<storage, read_write> out: array<Element>;

// Where the matrices begin.
fn matrixA(z: u32, r: u32) -> u32 {
  return (placeOf(z, p.kept, p.ofA) + placeOf(r, ~p.kept, p.ofA)) * p.rows * p.depth;
}

fn matrixB(z: u32, r: u32) -> u32 {
  return (placeOf(z, p.kept, p.ofB) + placeOf(r, ~p.kept, p.ofB)) * p.depth * p.columns;
}

fn valueA(matrix: u32, m: u32, d: u32) -> f32 {
  return f32(a[matrix + select(m * p.depth + d, d * p.rows + m, TRANSPOSE_A)]);
}

fn valueB(matrix: u32, d: u32, n: u32) -> f32 {
  return f32(b[matrix + select(d * p.columns + n, n * p.depth + d, TRANSPOSE_B)]);
}
