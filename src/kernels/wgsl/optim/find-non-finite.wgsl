// The outcome of a step: 1, or 3 if a gradient is infinite or NaN; flat over vec4s. `live` holds a bit for every element, as in
// optim/adam.wgsl: what lies in the padding does not count. NaN and infinity are recognised by their bits, since a compiler may assume that
// no float is either.

struct Params { vec4s: u32, outcome: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> gradients: array<vec4u>;
@group(0) @binding(1) var<storage, read> live: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: array<atomic<u32>>;

const EXPONENT = vec4u(0x7f800000);

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  var found = false;
  for (var i = id.x; i < p.vec4s; i += grid.x * 64u) {
    let alive = (vec4u(live[i / 8u] >> (4u * (i % 8u))) & vec4u(1u, 2u, 4u, 8u)) != vec4u();
    found |= any(alive & ((gradients[i] & EXPONENT) == EXPONENT));
  }
  if (found) { atomicOr(&state[p.outcome], 2u); }
  if (id.x == 0u) { atomicOr(&state[p.outcome], 1u); }
}
