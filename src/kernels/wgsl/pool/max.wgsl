// y[n,p,q,c] = the largest of x[n, p·sh + r·dh − top, q·sw + s·dw − left, c] over the taps (r, s) inside the image, of equal ones the first;
// NaN if one is. chosen[n,p,q,c] says which pixel it is, h·W + w. One invocation an element of y and turn.

// #include "parts/dtype.wgsl"
// #include "pool/parts/pool.wgsl"
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<storage, read_write> chosen: array<u32>;

// Bits are looked at, since a compiler may assume that no float is NaN.
fn isNaN(v: f32) -> bool { return (bitcast<u32>(v) & 0x7fffffffu) > 0x7f800000u; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var e = id.x; e < k.count; e += grid.x * 64u) {
    let at = spotOf(e, k.p, k.q);
    var largest = 0.0;
    var pixel = -1;
    for (var r = 0; r < k.kh; r++) {
      let h = at.row * k.sh + r * k.dh - k.top;
      if (h < 0 || h >= k.h) { continue; }
      for (var s = 0; s < k.kw; s++) {
        let w = at.column * k.sw + s * k.dw - k.left;
        if (w < 0 || w >= k.w) { continue; }
        let v = f32(x[placeOf(at.n, h, w, at.c, k.h, k.w)]);
        if (pixel < 0 || (!isNaN(largest) && (v > largest || isNaN(v)))) {
          largest = v;
          pixel = h * k.w + w;
        }
      }
    }
    y[e] = Element(largest);
    chosen[e] = u32(pixel);
  }
}
