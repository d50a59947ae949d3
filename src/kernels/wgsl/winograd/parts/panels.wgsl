// How b of a product lies for lanes that own columns: in panels of as many vec4s of columns as there are lanes, all depth steps of a panel
// together, so that a workgroup reads one line of memory after another. The last panel may be narrower.

// The first vec4 of a panel that begins at vec4 `first` of all `columns`, of the b of one z.
fn panelStart(first: u32, depth: u32) -> u32 {
  return first * depth;
}

// The vec4s of columns in that panel, of at most `most`.
fn panelWidth(first: u32, columns: u32, most: u32) -> u32 {
  return min(most, columns - first);
}
