// What row group g reads at column w of the line.
let q = w + right[g];
let inside = insideP[g] && q >= 0 && q < i32(k.q);
let a = select(0.0, f32(dy[select(0u, u32(image[g] + q) * k.o + channel[g], inside)]), inside);
