// out[s, g] = the bits of the largest |v| among the finite numbers v that workgroup g sees of operand s, of which there are two: a [countA]
// and b [countB], both in f32; out [2, 128]. Bits of f32 without a sign are ordered as the numbers are.
//
// One workgroup an operand (grid y) and a share of its vec4s. Not timed.

struct Params { countA: u32, countB: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<u32>;

const LANES = 256u;

var<workgroup> most: atomic<u32>;

fn largestOf(v: vec4f, i: u32, count: u32) -> u32 {
  let bits = bitcast<vec4u>(v) & vec4u(0x7fffffff);
  let counts = (bits < vec4u(0x7f800000)) & (4 * i + vec4u(0, 1, 2, 3) < vec4u(count));
  let sizes = select(vec4u(0), bits, counts);
  return max(max(sizes.x, sizes.y), max(sizes.z, sizes.w));
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  var own = 0u;
  let first = group.x * LANES + lane;
  if (group.y == 0u) {
    for (var i = first; i < (p.countA + 3u) / 4u; i += grid.x * LANES) { own = max(own, largestOf(a[i], i, p.countA)); }
  } else {
    for (var i = first; i < (p.countB + 3u) / 4u; i += grid.x * LANES) { own = max(own, largestOf(b[i], i, p.countB)); }
  }
  if (lane == 0u) { atomicStore(&most, 0u); }
  workgroupBarrier();
  atomicMax(&most, own);
  workgroupBarrier();
  if (lane == 0u) { out[group.y * grid.x + group.x] = atomicLoad(&most); }
}
