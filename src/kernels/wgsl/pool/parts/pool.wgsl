// Windows of KH × KW pixels that slide over x [N,H,W,C] to y [N,P,Q,C], with strides sh and sw and steps dh and dw between their pixels.
// `count` is that of what the kernel writes.

struct Pool {
  count: u32, h: i32, w: i32, c: u32, p: i32, q: i32,
  kh: i32, kw: i32, sh: i32, sw: i32, dh: i32, dw: i32,
  top: i32, left: i32, bottom: i32, right: i32,
}
var<immediate> k: Pool;

// Where an element of a tensor [N, rows, columns, C] is.
struct Spot { n: u32, row: i32, column: i32, c: u32 }

fn spotOf(e: u32, rows: i32, columns: i32) -> Spot {
  let pixel = e / k.c;
  let row = pixel / u32(columns);
  return Spot(row / u32(rows), i32(row % u32(rows)), i32(pixel % u32(columns)), e % k.c);
}

fn placeOf(n: u32, row: i32, column: i32, c: u32, rows: i32, columns: i32) -> u32 {
  return ((n * u32(rows) + u32(row)) * u32(columns) + u32(column)) * k.c + c;
}

// Which window has its tap r at this position of an axis, or −1.
fn windowOf(at: i32, before: i32, tap: i32, stride: i32, windows: i32) -> i32 {
  let begin = at + before - tap;
  let window = begin / stride;
  return select(-1, window, begin >= 0 && begin % stride == 0 && window < windows);
}
