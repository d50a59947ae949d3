// How transformed weights [C,O] lie: in panels of `most` vec4s of O, all C of a panel together, so that a workgroup whose lanes own a panel's
// columns reads one line of memory after another. The last panel may be narrower.

// The vec4s of O in the panel that begins at vec4 `first` of all `o4`.
fn panelWidth(first: u32, o4: u32, most: u32) -> u32 {
  return min(most, o4 - first);
}

// Where vec4 `o` of channel `c` lies.
fn panelled(c: u32, o: u32, channels: u32, o4: u32, most: u32) -> u32 {
  let first = o - o % most;
  return first * channels + c * panelWidth(first, o4, most) + o - first;
}
