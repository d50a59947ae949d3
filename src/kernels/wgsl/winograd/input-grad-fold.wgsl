// dx[n, h, w, c] = bias[c] + Σ d of all tiles that saw the pixel, or a copy of it in the padding, plus addend[n, h, w, c].
// d [SIDE²,T,C], dx and addend [N,H,W,C], T = N · ⌈P/TILE⌉ · ⌈Q/TILE⌉; C a multiple of 4.
// A workgroup is 8 pixels of a line with 32 channels each: what a pixel would divide by to know its place costs llvmpipe as much as all it adds.

// #include "conv2d/parts/conv.wgsl"
// #include "images/parts/mirrors.wgsl"
// #include "winograd/parts/form.wgsl"
// #include "winograd/parts/tiles.wgsl"
override BIAS: bool;
override ADDEND: bool;
@group(0) @binding(0) var<storage, read> d: array<vec4f>;
@group(0) @binding(1) var<storage, read> bias: array<vec4f>;
@group(0) @binding(2) var<storage, read> addend: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

// The tiles that saw line i of the padded image, of `count` along its axis: the one that begins at most TILE lines before, from `least` = 0 or, past
// the last one, 1, and the one before that, up to `end`.
struct Seen { least: u32, end: u32 }
fn seenBy(i: u32, count: u32) -> Seen {
  return Seen(u32(i / TILE >= count), 1u + u32(i >= TILE && i % TILE + TILE < SIDE));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) grid: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c4 = k.c / 4u;
  let c = group.x * 8u + lane % 8u;
  let column = group.y * 8u + lane / 8u;
  if (c >= c4 || column >= k.w) { return; }
  let down = tilesAlong(k.p);
  let across = tilesAlong(k.q);
  let tilesInAll = k.n * down * across;
  // From where the tile that begins at a line or column lies to where the one before it does, which sees it TILE places further on.
  let up = (SIDE * TILE * tilesInAll - across) * c4;
  let left = (TILE * tilesInAll - 1u) * c4;
  let mirrored = i32(select(0u, k.padding, k.reflect == 1u));
  let zeros = i32(k.padding) - mirrored;
  let copiesAcross = copiesOf(i32(column), i32(k.w), mirrored, mirrored);
  for (var line = group.z; line < k.n * k.h; line += grid.z) {
    let image = line / k.h;
    let row = i32(line - image * k.h);
    let copiesDown = copiesOf(row, i32(k.h), mirrored, mirrored);
    var sum = vec4f(0);
    if (BIAS) { sum = bias[c]; }
    for (var copy = vec2u(0); copy.x < copiesDown;) {
      let i = u32(copyOf(row, i32(k.h), mirrored, copy.x) + zeros);
      let j = u32(copyOf(i32(column), i32(k.w), mirrored, copy.y) + zeros);
      let lines = seenBy(i, down);
      let columns = seenBy(j, across);
      let first = ((SIDE * (i % TILE) + j % TILE) * tilesInAll + (image * down + i / TILE) * across + j / TILE) * c4 + c;
      for (var back = vec2u(lines.least, columns.least); back.x < lines.end;) {
        sum += d[first + back.x * up + back.y * left];
        let next = back.y + 1u < columns.end;
        back = select(vec2u(back.x + 1u, columns.least), vec2u(back.x, back.y + 1u), next);
      }
      copy = select(vec2u(copy.x + 1u, 0u), vec2u(copy.x, copy.y + 1u), copy.y + 1u < copiesAcross);
    }
    let at = (line * k.w + column) * c4 + c;
    if (ADDEND) { sum += addend[at]; }
    dx[at] = sum;
  }
}
