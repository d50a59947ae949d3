// dw[r, s, c, o] (+)= (Gᵀ du[:, c, o] G)[r, s], the gradient of 3 × 3 weights from that of their 4 × 4 transforms.
//   Gᵀ = 1 1/2  1/2 0
//        0 1/2 −1/2 0
//        0 1/2  1/2 1
// du [16,C,O], dw [3,3,C,O]; flat over vec4s.

struct Params { vec4s: u32, accumulate: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> du: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> dw: array<vec4f>;

// Gᵀ applied to four values; the last is not used.
fn gather(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> mat4x4f {
  let sum = 0.5 * (b + c);
  return mat4x4f(a + sum, 0.5 * (b - c), sum + d, vec4f(0));
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < p.vec4s; e += grid.x * 64u) {
    var columns: array<mat4x4f, 4>;
    for (var j = 0u; j < 4u; j++) {
      columns[j] = gather(
        du[j * p.vec4s + e],
        du[(4u + j) * p.vec4s + e],
        du[(8u + j) * p.vec4s + e],
        du[(12u + j) * p.vec4s + e],
      );
    }
    for (var r = 0u; r < 3u; r++) {
      let line = gather(columns[0][r], columns[1][r], columns[2][r], columns[3][r]);
      for (var s = 0u; s < 3u; s++) {
        let at = (3u * r + s) * p.vec4s + e;
        var sum = line[s];
        if (p.accumulate == 1u) { sum += dw[at]; }
        dw[at] = sum;
      }
    }
  }
}
