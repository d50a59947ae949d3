// part[z,c] = sum over the z-th share of rows m of x[m,c]; x [M,C]. The gradient of a convolution's bias. sum_parts adds the shares up.

struct Params { rows: u32, channels: u32, splits: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> part: array<f32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= p.channels) { return; }
  var sum = 0.0;
  for (var m = p.rows * id.y / p.splits; m < p.rows * (id.y + 1u) / p.splits; m++) { sum += x[m * p.channels + c]; }
  part[id.y * p.channels + c] = sum;
}
