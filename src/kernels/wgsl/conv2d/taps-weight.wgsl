// The weight [KH,KW,C,O] of a convolution whose taps of a line are channels: wide[r,0,s*C+c,o] = weight[r,s,c,o], or wide[r,0,c,s*O+o] where they are
// channels of the output. Channels that no tap has are 0.
// wide [KH,1,WIDE,O] or [KH,1,C,WIDE]; one invocation an element of wide.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
override OUTPUT: bool; // whether taps become channels of the output
override WIDE: u32;
@group(0) @binding(0) var<storage, read> weight: array<Element>;
@group(0) @binding(1) var<storage, read_write> wide: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  let thin = select(k.c, k.o, OUTPUT);
  let other = select(k.o, k.c, OUTPUT);
  for (var e = id.x; e < k.kh * WIDE * other; e += grid.x * 64u) {
    let channel = select(e / other % WIDE, e % WIDE, OUTPUT);
    let own = select(e % other, e / WIDE % other, OUTPUT);
    let tap = e / (WIDE * other) * k.kw + channel / thin;
    let at = select((tap * k.c + channel % thin) * k.o + own, (tap * k.c + own) * k.o + channel % thin, OUTPUT);
    let inside = channel < k.kw * thin;
    wide[e] = select(Element(0), weight[select(0u, at, inside)], inside);
  }
}
