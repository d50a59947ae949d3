// How fast matrix products of subgroups are when nothing is loaded: every subgroup multiplies the same left [M,K] and right [K,N] (f16)
// into four results [M,N] (f32) that begin with different values, four products a round. They are stored, so that no compiler can leave
// them out.
// FLOP = 8 · M · N · K · rounds · subgroups. M, N and K are replaced by what the device offers.

enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const M = 16;
const N = 16;
const K = 16;

struct Params { rounds: u32, subgroups: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> operands: array<f16>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_id) subgroup: u32) {
  let left = subgroupMatrixLoad<subgroup_matrix_left<f16, K, M>, row_major>(&operands, 0, K);
  let right = subgroupMatrixLoad<subgroup_matrix_right<f16, N, K>, row_major>(&operands, 0, N);
  var a = subgroup_matrix_result<f32, N, M>(0);
  var b = subgroup_matrix_result<f32, N, M>(1);
  var c = subgroup_matrix_result<f32, N, M>(2);
  var d = subgroup_matrix_result<f32, N, M>(3);
  for (var i = 0u; i < p.rounds; i++) {
    a = subgroupMatrixMultiplyAccumulate(left, right, a);
    b = subgroupMatrixMultiplyAccumulate(left, right, b);
    c = subgroupMatrixMultiplyAccumulate(left, right, c);
    d = subgroupMatrixMultiplyAccumulate(left, right, d);
  }
  let place = 4 * M * N * (group.x * p.subgroups + subgroup);
  subgroupMatrixStore<row_major>(&out, place, a, N);
  subgroupMatrixStore<row_major>(&out, place + M * N, b, N);
  subgroupMatrixStore<row_major>(&out, place + 2 * M * N, c, N);
  subgroupMatrixStore<row_major>(&out, place + 3 * M * N, d, N);
}
