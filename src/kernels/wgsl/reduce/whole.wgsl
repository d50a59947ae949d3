// out[group] = factor · Σ term(a[i], b[i]) over the elements that a workgroup strides over. For few elements one workgroup makes the total.
// For more, many workgroups leave partial sums, and a second launch of one workgroup adds those up (KIND 0). Instead of the tensor b there
// may be two constants: one for the first `half` elements, one for the rest. KIND, as in src/kernels/reduce.ts:
//   0 a    1 |a − b|    2 (a − b)²    3 max(a, 0) − a·b + log(1 + e^−|a|), the cross-entropy of logit a against b

// #include "parts/dtype.wgsl"
override KIND: u32;

struct Params { count: u32, factor: f32, constants: u32, first: f32, second: f32, half: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element4>;
@group(0) @binding(1) var<storage, read> b: array<Element4>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

var<workgroup> sums: array<f32, 256>;

// log(1 + e) for 0 ≤ e ≤ 1 as 2 artanh(z), z = e / (2 + e) ≤ 1/3, by its series to z¹³: the builtin log is only exact
// to 5e-7 near 1, where the loss of a confident discriminator lies.
fn log1p(e: vec4f) -> vec4f {
  let z = e / (2 + e);
  let s = z * z;
  return 2 * z * (1 + s * (1.0 / 3 + s * (1.0 / 5 + s * (1.0 / 7 + s * (1.0 / 9 + s * (1.0 / 11 + s * (1.0 / 13)))))));
}

// Of logit x against y. An infinite logit costs nothing where y says the same and else is infinitely wrong: the formula above would give
// ∞ − ∞ or 0 · ∞. Bits are looked at, since a compiler may assume that no float is infinite.
fn crossEntropy(x: vec4f, y: vec4f) -> vec4f {
  let finite = max(x, vec4f()) - x * y + log1p(exp(-abs(x)));
  let wrong = select(y, 1 - y, x > vec4f());
  let infinite = select(abs(x) * wrong, vec4f(), wrong == vec4f());
  return select(finite, infinite, (bitcast<vec4u>(x) & vec4u(0x7fffffffu)) == vec4u(0x7f800000u));
}

fn term(i: u32) -> vec4f {
  let x = vec4f(a[i]);
  if (KIND == 0u) { return x; }
  var y = select(vec4f(p.second), vec4f(p.first), 4 * i + vec4u(0, 1, 2, 3) < vec4u(p.half));
  if (p.constants == 0u) { y = vec4f(b[i]); }
  switch KIND {
    case 1u: { return abs(x - y); }
    case 2u: { return (x - y) * (x - y); }
    default: { return crossEntropy(x, y); }
  }
}

@compute @workgroup_size(256)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
) {
  var sum = vec4f();
  for (var i = id.x; 4 * i < p.count; i += grid.x * 256u) {
    // The last vec4 may reach into padding, which holds anything.
    let inside = 4 * i + vec4u(0, 1, 2, 3) < vec4u(p.count);
    sum += select(vec4f(), term(i), inside);
  }
  sums[lane] = sum.x + sum.y + sum.z + sum.w;
  workgroupBarrier();
  // 16 lanes add up 16 each, one of them what those have.
  if (lane < 16) {
    var part = 0.0;
    for (var j = lane; j < 256; j += 16u) { part += sums[j]; }
    sums[lane] = part;
  }
  workgroupBarrier();
  if (lane == 0) {
    var total = 0.0;
    for (var j = 0u; j < 16; j++) { total += sums[j]; }
    out[group.x] = total * p.factor;
  }
}
