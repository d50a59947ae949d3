// One axis of a separable resize of floats: with the image seen as [outer, length, inner] (inner = channels along x,
// width · channels along y),
//
//   out[q, o, i] = clamp((Σ_t weight[o, t] · in[q, first[o] + t, i]) to least…most),  t < count[o], weights in 2^-22
//
// the twin of images/resample.wgsl, with its table, for images of more than 8 bits, of which levels end at 0 and 255, and for maps. One
// invocation makes one number.

struct Params { count: u32, start: u32, outStart: u32, length: u32, outLength: u32, inner: u32, taps: u32, least: f32, most: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> source: array<f32>; // the image begins at start
@group(0) @binding(1) var<storage, read> table: array<i32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>; // the image begins at outStart

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var index = id.x; index < p.count; index += grid.x * 64u) {
    let i = index % p.inner;
    let o = (index / p.inner) % p.outLength;
    let q = index / (p.inner * p.outLength);
    let row = o * (p.taps + 2u);
    let first = u32(table[row]);
    let begin = p.start + (q * p.length + first) * p.inner + i;
    var sum = 0.0;
    for (var t = 0u; t < u32(table[row + 1u]); t++) {
      sum += f32(table[row + 2u + t]) * source[begin + t * p.inner];
    }
    out[p.outStart + index] = clamp(sum * 0x1p-22, p.least, p.most);
  }
}
