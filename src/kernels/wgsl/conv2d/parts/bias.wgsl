// Four values of bias [length] from `first` on. Past its end stands the last value, for columns that are not written.
fn biasOf(first: u32, length: u32) -> vec4f {
  let at = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(length - 1u));
  return vec4f(bias[at.x], bias[at.y], bias[at.z], bias[at.w]);
}
