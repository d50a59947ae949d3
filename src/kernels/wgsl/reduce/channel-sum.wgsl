// part[z,c] = sum over the z-th share of rows m of x[m,c], added to what it held before when told so; x [M,C]. The gradient of a
// convolution's bias. A workgroup takes 8 channels and walks its rows 32 at a time; reduce/sum-parts adds several shares up.

// #include "parts/dtype.wgsl"
struct Params { rows: u32, channels: u32, share: u32, accumulate: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> part: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c = tile.x * 8u + lane % 8u;
  let end = min((tile.y + 1u) * p.share, p.rows);
  var sum = 0.0;
  if (c < p.channels) {
    for (var m = tile.y * p.share + lane / 8u; m < end; m += 32u) { sum += f32(x[m * p.channels + c]); }
  }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane < 8u && c < p.channels) {
    var total = 0.0;
    for (var row = 0u; row < 32u; row++) { total += sums[row * 8u + lane]; }
    let at = tile.y * p.channels + c;
    if (p.accumulate == 1u) { total += part[at]; }
    part[at] = total;
  }
}
