// What optimisers see of a packed group of parameters, in vec4s.
@group(0) @binding(0) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(1) var<storage, read> live: array<u32>;
@group(0) @binding(2) var<storage, read_write> parameters: array<vec4f>;

// 0 for padding, whose gradients are whatever the kernels before left there.
fn gradientAt(i: u32) -> vec4f {
  let bits = vec4u(live[i / 8u] >> (4u * (i % 8u))) & vec4u(1u, 2u, 4u, 8u);
  return select(vec4f(), gradients[i], bits != vec4u());
}
