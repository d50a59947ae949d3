// turned[KH-1-r, KW-1-s, o, c] = weight[r,s,c,o]: a convolution of dy with it, at stride 1, is the input gradient.
// weight [KH,KW,C,O], turned [KH,KW,O,C] in f32 or f16.
//
// A workgroup turns 32 × 32 numbers of a tap (grid z) in workgroup memory, so that lanes read and write neighbours. Lines there are a
// number longer, so that a column lies in different banks.
//
// Not timed on a GPU.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
@group(0) @binding(0) var<storage, read> weight: array<Element>;
@group(0) @binding(1) var<storage, read_write> turned: array<Element>;

const SIDE = 32u;
const LINES = 8u; // that all invocations load at once
var<workgroup> block: array<f32, SIDE * (SIDE + 1u)>;

@compute @workgroup_size(SIDE, LINES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) lane: vec3u) {
  let tap = group.z;
  let mirrored = k.kh * k.kw - 1u - tap;
  let c0 = group.y * SIDE;
  let o0 = group.x * SIDE;
  for (var line = lane.y; line < SIDE; line += LINES) {
    let c = c0 + line;
    let o = o0 + lane.x;
    if (c < k.c && o < k.o) { block[line * (SIDE + 1u) + lane.x] = f32(weight[(tap * k.c + c) * k.o + o]); }
  }
  workgroupBarrier();
  for (var line = lane.y; line < SIDE; line += LINES) {
    let o = o0 + line;
    let c = c0 + lane.x;
    if (c < k.c && o < k.o) { turned[(mirrored * k.o + o) * k.c + c] = Element(block[lane.x * (SIDE + 1u) + line]); }
  }
}
