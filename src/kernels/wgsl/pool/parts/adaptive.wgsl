// Along an axis of `extent` pixels, window i of `windows` begins at ⌊i · extent / windows⌋ and ends before ⌈(i + 1) · extent / windows⌉.

struct Adaptive { count: u32, h: u32, w: u32, c: u32, p: u32, q: u32 }
var<immediate> k: Adaptive;

fn beginOf(i: u32, extent: u32, windows: u32) -> u32 { return i * extent / windows; }
fn endOf(i: u32, extent: u32, windows: u32) -> u32 { return ((i + 1u) * extent + windows - 1u) / windows; }
