// Random numbers by place: out[4 b … 4 b + 3] come from the four words of Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011) at counter (b, 0, seedHigh, 0) under key (seedLow, stream).
// One invocation makes one vec4.
//
//   NORMAL = false: offset + scale · u,   u = (word >> 8) / 2^24
//   NORMAL = true:  offset + scale · z,   z = sqrt(−2 ln(1 − u0)) · (cos 2π u1, sin 2π u1) (Box and Muller, 1958), the pair
//                   from words 0 and 1 and that from words 2 and 3
//
// WGSL promises little for log near 1 and for sin and cos at all, so both are spelled out here: the result agrees across
// adapters to a few units in the last place.

override NORMAL: bool;

struct Params { vec4s: u32, seedLow: u32, seedHigh: u32, stream: u32, offset: f32, scale: f32 }
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read_write> out: array<vec4f>;

// (high, low) words of the 64-bit product, from products of 16-bit halves.
fn multiply(a: u32, b: u32) -> vec2u {
  let low = (a & 0xffffu) * (b & 0xffffu);
  let middle = (a >> 16u) * (b & 0xffffu) + (low >> 16u);
  let cross = (a & 0xffffu) * (b >> 16u) + (middle & 0xffffu);
  return vec2u((a >> 16u) * (b >> 16u) + (middle >> 16u) + (cross >> 16u), a * b);
}

fn philox(start: vec4u, key: vec2u) -> vec4u {
  var c = start;
  var k = key;
  for (var round = 0; round < 10; round++) {
    let p0 = multiply(0xd2511f53u, c.x);
    let p1 = multiply(0xcd9e8d57u, c.z);
    c = vec4u(p1.x ^ c.y ^ k.x, p1.y, p0.x ^ c.w ^ k.y, p0.y);
    k += vec2u(0x9e3779b9u, 0xbb67ae85u);
  }
  return c;
}
