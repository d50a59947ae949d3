// out[i] = sum over z of part[z,i], added to what out held before when told so; z in order, so the sum has the same bits every time.

struct Params { count: u32, parts: u32, accumulate: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> part: array<f32>;
@group(0) @binding(1) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < p.count; i += grid.x * 64u) {
    var sum = 0.0;
    for (var z = 0u; z < p.parts; z++) { sum += part[z * p.count + i]; }
    if (p.accumulate == 1u) { sum += out[i]; }
    out[i] = sum;
  }
}
