// y[m,o] = activation(bias[o] + sum over c of x[m,c] * weight[c,o]): a 1×1 convolution of stride 1, with pixels m.
// x [N,H,W,C], weight [1,1,C,O], y [N,H,W,O]. One invocation an output element and turn.

// #include "parts/dtype.wgsl"
// #include "conv2d/parts/conv.wgsl"
// #include "parts/activate.wgsl"
override BIAS: bool;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> weight: array<Element>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < k.n * k.h * k.w * k.o; i += grid.x * 64u) {
    let m = i / k.o;
    let o = i % k.o;
    var sum = 0.0;
    if (BIAS) { sum = bias[o]; }
    for (var c = 0u; c < k.c; c++) { sum += f32(x[m * k.c + c]) * f32(weight[c * k.o + o]); }
    y[i] = Element(activate(sum));
  }
}
