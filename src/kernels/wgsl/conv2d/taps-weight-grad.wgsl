// dw[r,s,c,o] (+)= wide[r,0,s*C+c,o], or wide[r,0,c,s*O+o]: the gradient of a weight from that of what conv2d/taps-weight makes of it.
// wide [KH,1,WIDE,O] or [KH,1,C,WIDE], dw [KH,KW,C,O]; one invocation an element of dw.

// #include "conv2d/parts/conv.wgsl"
override OUTPUT: bool; // whether taps are channels of the output
override ACCUMULATE: bool;
override WIDE: u32;
@group(0) @binding(0) var<storage, read> wide: array<f32>;
@group(0) @binding(1) var<storage, read_write> dw: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.kh * k.kw * k.c * k.o; e += grid.x * 64u) {
    let o = e % k.o;
    let c = e / k.o % k.c;
    let tap = e / (k.o * k.c);
    let s = tap % k.kw;
    let r = tap / k.kw;
    var sum = wide[select((r * WIDE + s * k.c + c) * k.o + o, (r * k.c + c) * WIDE + s * k.o + o, OUTPUT)];
    if (ACCUMULATE) { sum += dw[e]; }
    dw[e] = sum;
  }
}
