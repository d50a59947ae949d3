// Copies what stands in a workgroup's memory when it begins.

const WORDS = 4096u;
var<workgroup> memory: array<f32, WORDS>;
@group(0) @binding(0) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  for (var i = lane; i < WORDS; i += 64u) { out[i] = memory[i]; }
  workgroupBarrier();
  memory[lane] = out[(lane + 1u) % WORDS];
}
