// out[r · outRow + outStart + i] = x[r · row + start + i] for the rows r and i < run: how tensors are cut and joined along any axis. What is
// copied of a row of memory is one run. `count` elements in all, one an invocation and turn.

// #include "parts/dtype.wgsl"
struct Params { count: u32, run: u32, row: u32, start: u32, outRow: u32, outStart: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < p.count; e += grid.x * 64u) {
    let r = e / p.run;
    let i = e % p.run;
    out[r * p.outRow + p.outStart + i] = x[r * p.row + p.start + i];
  }
}
