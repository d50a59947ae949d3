// Leaves NaN in all of a workgroup's memory, for whoever gets it next.

const WORDS = 4096u; // 16 KiB, which every device has
var<workgroup> memory: array<f32, WORDS>;
@group(0) @binding(0) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let nan = bitcast<f32>(0x7fc00000u + group.x);
  for (var i = lane; i < WORDS; i += 64u) { memory[i] = nan; }
  workgroupBarrier();
  // Something must be read, or nothing would be written.
  if (lane == 0u) { out[group.x] = memory[group.x % WORDS]; }
}
