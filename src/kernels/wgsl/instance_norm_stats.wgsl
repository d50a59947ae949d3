// part[z,n,0,c] = mean, part[z,n,1,c] = sum of squared deviations from it, of the z-th share of the pixels of x [N,HW,C]; C a multiple of 4.
//
// Sums are taken about the mean of the share's first 16 pixels and in blocks of 16, so that |mean| >> std costs no digits; shares
// are short (about 256 pixels), so that first pixels far off cost few. Lanes are channels, 4 each; instance_norm_merge joins the shares.

// #include "parts/norm.wgsl"
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> part: array<vec4f>;

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let c = tile.x * 8u + lane;
  if (c >= c4) { return; }
  let begin = k.pixels * tile.z / k.splits;
  let end = k.pixels * (tile.z + 1u) / k.splits;
  let image = tile.y * k.pixels * c4 + c;
  // A better guess of the mean than one pixel: rounding grows with its distance from the mean.
  var shift = vec4f(0);
  let guess = min(16u, end - begin);
  for (var i = begin; i < begin + guess; i++) { shift += x[image + i * c4] / f32(guess); }
  var sum = vec4f(0);
  var squares = vec4f(0);
  for (var block = begin; block < end; block += 16u) {
    var blockSum = vec4f(0);
    var blockSquares = vec4f(0);
    for (var i = block; i < min(block + 16u, end); i++) {
      let d = x[image + i * c4] - shift;
      blockSum += d;
      blockSquares += d * d;
    }
    sum += blockSum;
    squares += blockSquares;
  }
  let count = f32(end - begin);
  let at = (tile.z * k.n + tile.y) * 2u * c4 + c;
  part[at] = shift + sum / count;
  part[at + c4] = squares - sum * (sum / count);
}
