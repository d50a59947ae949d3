// stats and y as in instance-norm/apply, in one launch, for GPUs: a workgroup owns the plane of 8 channels. Its sums are taken about the
// mean of the plane's first 16 pixels, each row its own, and then over the rows through workgroup memory. On an
// NVIDIA H200, f16, batch 16: [16,1024,256] 0.02 ms (25 % of the copy rate), [16,4096,256] 0.07 (28 %).

// #include "parts/dtype.wgsl"
// #include "instance-norm/parts/norm.wgsl"
// #include "instance-norm/parts/statistics.wgsl"
// #include "instance-norm/parts/workgroup.wgsl"
// #include "instance-norm/parts/apply.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(2) var<storage, read> beta: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<Element4>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> y: array<Element4>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let c4 = k.channels / 4u;
  let column = tile.x * COLUMNS + lane % COLUMNS;
  let row = lane / COLUMNS;
  // A column past the last channel has no pixels, but takes part in the barriers.
  let count = select(0u, (k.pixels + ROWS - 1u - row) / ROWS, column < c4);
  let c = min(column, c4 - 1u);
  let image = tile.y * k.pixels * c4 + c;
  let first = image + row * c4;
  let step = ROWS * c4;

  let guess = guessOf(image, c4, k.pixels);
  var held: array<vec4f, HELD>;
  var own = Moments(vec4f(0), vec4f(0));
  if (HOLD) {
    for (var i = 0u; i < HELD; i++) {
      if (i < count) {
        held[i] = vec4f(x[first + i * step]) - guess;
        own.sum += held[i];
        own.squares += held[i] * held[i];
      }
    }
  } else {
    own = momentsAbout(guess, first, step, count);
  }
  let total = overRows(lane, own.sum, own.squares);
  let off = total.one / f32(k.pixels);
  let rstd = 1 / sqrt((total.two - total.one * off) / f32(k.pixels) + k.eps);
  if (row == 0u && column < c4) {
    let at = tile.y * 2u * c4 + c;
    stats[at] = guess + off;
    stats[at + c4] = rstd;
  }
  let affine = affineOf(c, rstd);
  if (HOLD) {
    for (var i = 0u; i < HELD; i++) {
      if (i < count) { store(first + i * step, held[i] - off, affine, residualOf(first + i * step)); }
    }
  } else {
    apply(guess + off, affine, first, step, count);
  }
}
