// Reductions over some axes of a space: result j of `count` lies over the axes of the mask `kept`, its terms r of `terms` over the others;
// a and b lie over those of their masks. KIND, as in src/kernels/reduce-axes.ts:
//   0 Σ a    1 Σ a·b    2 Σ a/b    3 the largest a, NaN if one is    4 how many a equal b    5 Σ e^(a − b)

// #include "parts/dtype.wgsl"
// #include "parts/axes.wgsl"
override KIND: u32;

struct Params {
  count: u32, terms: u32, share: u32, factor: f32,
  e0: u32, e1: u32, e2: u32, e3: u32, e4: u32, e5: u32,
  kept: u32, ofA: u32, ofB: u32,
}
var<immediate> p: Params;
@group(0) @binding(0) var<storage, read> a: array<Element>;
@group(0) @binding(1) var<storage, read> b: array<Element>;

// Where the terms of result j begin, in a and in b.
fn beginOf(j: u32) -> vec2u {
  return vec2u(placeOf(j, p.kept, p.ofA), placeOf(j, p.kept, p.ofB));
}

fn term(begin: vec2u, r: u32) -> f32 {
  let left = f32(a[begin.x + placeOf(r, ~p.kept, p.ofA)]);
  if (KIND == 0u || KIND == 3u) { return left; }
  let right = f32(b[begin.y + placeOf(r, ~p.kept, p.ofB)]);
  switch KIND {
    case 1u: { return left * right; }
    case 2u: { return left / right; }
    case 4u: { return select(0.0, 1.0, left == right); }
    default: { return exp(left - right); }
  }
}

// Bits are looked at, since a compiler may assume that no float is NaN.
fn isNaN(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }

// Of two partial results.
fn joined(x: f32, y: f32) -> f32 {
  if (KIND != 3u) { return x + y; }
  return select(max(x, y), x + y, isNaN(x) || isNaN(y));
}
