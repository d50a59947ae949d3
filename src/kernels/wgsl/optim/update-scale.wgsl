// The end of a step in the state of a loss scaler, as u32: scale (f32 bits), good steps since it changed, and for each optimiser an outcome
// (0 no step, 1 a step, 3 one with gradients that are not finite) and the steps taken.
//
// After an overflow the scale is halved, to 2^-24 at least; after `interval` steps without one it is doubled.

struct Params { optimisers: u32, interval: u32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read_write> state: array<u32>;

const LARGEST = 0x1p100f;
const LEAST = 0x1p-24f;

@compute @workgroup_size(1)
fn main() {
  var outcomes = 0u;
  for (var i = 0u; i < p.optimisers; i++) {
    let at = 2u + 2u * i;
    outcomes |= state[at];
    if (state[at] == 1u) { state[at + 1u] += 1u; }
    state[at] = 0u;
  }
  let scale = bitcast<f32>(state[0]);
  if (outcomes == 1u) {
    state[1] += 1u;
    if (state[1] == p.interval) {
      state[0] = bitcast<u32>(min(2 * scale, LARGEST));
      state[1] = 0u;
    }
  } else if (outcomes == 3u) {
    state[0] = bitcast<u32>(max(scale / 2, LEAST));
    state[1] = 0u;
  }
}
