// grad[n, i] of the mean of the `hottest` largest elements of image n, for gradOutput[n]:
//
//   gradOutput / hottest                     of an element that is larger than the hottest-th largest
//   gradOutput / hottest · share             of one that is equal to it, share = how many of them count ÷ how many there are
//   0                                        of a smaller one
//
// a, grad [N, count], gradOutput [N]; 1 ≤ hottest ≤ count; one workgroup an image.

// #include "reduce/parts/kth-largest.wgsl"

@group(0) @binding(1) var<storage, read> gradOutput: array<f32>;
@group(0) @binding(2) var<storage, read_write> grad: array<f32>;

var<workgroup> equal: atomic<u32>;

@compute @workgroup_size(256)
fn main(
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  for (var n = group.x; n < p.images; n += grid.x) {
    let start = n * p.count;
    if (lane == 0u) { atomicStore(&equal, 0u); }
    let least = kthLargest(lane, start);
    var own = 0u;
    for (var i = lane; i < p.count; i += 256u) { own += u32(keyOf(a[start + i]) == least); }
    atomicAdd(&equal, own);
    workgroupBarrier();
    // What kthLargest leaves of its wish is how many of the equal ones count.
    let share = f32(wanted) / f32(atomicLoad(&equal));
    let slope = gradOutput[n] / f32(p.hottest);
    for (var i = lane; i < p.count; i += 256u) {
      let key = keyOf(a[start + i]);
      grad[start + i] = select(select(0.0, slope * share, key == least), slope, key > least);
    }
    workgroupBarrier();
  }
}
