// Products of matrices as matmul/parts/batch.wgsl says. The obvious form: one invocation an element of out and turn, 256 products at a time
// so that rounding does not grow with their number.

// #include "matmul/parts/batch.wgsl"

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let count = p.batches * p.rows * p.columns;
  for (var i = id.x; i < count; i += grid.x * 64u) {
    let n = i % p.columns;
    let m = i / p.columns % p.rows;
    let z = i / (p.columns * p.rows);
    var total = 0.0;
    for (var r = 0u; r < p.repeats; r++) {
      let ofA = matrixA(z, r);
      let ofB = matrixB(z, r);
      for (var first = 0u; first < p.depth; first += 256u) {
        var sum = 0.0;
        for (var d = first; d < min(first + 256u, p.depth); d++) { sum += valueA(ofA, m, d) * valueB(ofB, d, n); }
        total += sum;
      }
    }
    out[i] = Element(total);
  }
}
