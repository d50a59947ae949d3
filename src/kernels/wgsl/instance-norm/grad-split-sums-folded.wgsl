// part as in instance-norm/grad-split-sums, and dy itself, from the gradient of the image padded by reflection:
// dy[n,y,z,c] = Σ padded[n,i,j,c] over all (i, j) that are copies of (y, z), plus addend[n,y,z,c], as in images/reflection-pad-backward.
// x, dy and addend [N,H,W,C], padded [N,H+2 pad,W+2 pad,C]; C a multiple of 4. It saves a launch, and reading dy once.
//
// Not timed on a GPU.

// #include "parts/dtype.wgsl"
// #include "images/parts/mirrors.wgsl"
// #include "instance-norm/parts/split.wgsl"
// #include "instance-norm/parts/grad.wgsl"
// #include "instance-norm/parts/grad-split-sums.wgsl"
// The fields of instance-norm/parts/norm.wgsl, and the image.
struct FoldedNorm { n: u32, pixels: u32, channels: u32, share: u32, eps: f32, h: i32, w: i32, pad: i32 }
var<immediate> k: FoldedNorm;
override ADDEND: bool;
@group(0) @binding(0) var<storage, read> x: array<Element4>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> gamma: array<vec4f>;
@group(0) @binding(3) var<storage, read> beta: array<vec4f>;
@group(0) @binding(4) var<storage, read> padded: array<Element4>;
@group(0) @binding(5) var<storage, read> addend: array<Element4>;
@group(0) @binding(6) var<storage, read_write> dy: array<Element4>;
@group(0) @binding(7) var<storage, read_write> part: array<vec4f>;

// Where a pixel lies: in its image, and its channels in dy and in padded.
struct Place { row: i32, column: i32, at: u32, inPadded: u32 }

fn placeOf(walk: Walk, image: u32, pixel: u32) -> Place {
  let held = i32(min(pixel, walk.end - 1u));
  let row = held / k.w;
  let column = held % k.w;
  return Place(row, column, place(walk, pixel), inPadded(walk, image, row + k.pad, column + k.pad));
}

fn inPadded(walk: Walk, image: u32, i: i32, j: i32) -> u32 {
  let whole = (i32(image) * (k.h + 2 * k.pad) + i) * (k.w + 2 * k.pad) + j;
  return u32(whole) * (k.channels / 4u) + walk.c;
}

// The mirrored copies of a pixel, added to its own.
fn withMirrors(own: vec4f, walk: Walk, image: u32, row: i32, column: i32) -> vec4f {
  var sum = own;
  let nearest = min(min(row, k.h - 1 - row), min(column, k.w - 1 - column));
  if (nearest > k.pad) { return sum; }
  let down = copiesOf(row, k.h, k.pad, k.pad);
  let across = copiesOf(column, k.w, k.pad, k.pad);
  for (var a = 0u; a < down; a++) {
    let i = copyOf(row, k.h, k.pad, a);
    for (var b = select(0u, 1u, a == 0u); b < across; b++) {
      let j = copyOf(column, k.w, k.pad, b);
      sum += vec4f(padded[inPadded(walk, image, i, j)]);
    }
  }
  return sum;
}

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(local_invocation_index) lane: u32) {
  let walk = walkOf(tile, lane);
  let plane = planeOf(tile.y, walk.c);
  var own = Sums(vec4f(0), vec4f(0));
  for (var pixel = walk.begin; pixel < walk.end; pixel += ROWS * AT_ONCE) {
    var places: array<Place, AT_ONCE>;
    var held: array<vec4f, AT_ONCE>;
    var more: array<vec4f, AT_ONCE>;
    var values: array<vec4f, AT_ONCE>;
    for (var i = 0u; i < AT_ONCE; i++) {
      places[i] = placeOf(walk, tile.y, pixel + i * ROWS);
      held[i] = vec4f(padded[places[i].inPadded]);
      if (ADDEND) { more[i] = vec4f(addend[places[i].at]); }
      values[i] = vec4f(x[places[i].at]);
    }
    var turn = Sums(vec4f(0), vec4f(0));
    for (var i = 0u; i < AT_ONCE; i++) {
      var sum = withMirrors(held[i], walk, tile.y, places[i].row, places[i].column);
      if (ADDEND) { sum += more[i]; }
      let folded = Element4(sum);
      let isOwn = pixel + i * ROWS < walk.end;
      if (isOwn && walk.owns) { dy[places[i].at] = folded; }
      take(&turn, pixelFrom(values[i], vec4f(folded), plane), isOwn);
    }
    own.g += turn.g;
    own.projected += turn.projected;
  }
  leave(walk, lane, own);
}
