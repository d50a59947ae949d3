// What row group g reads at output q of the line.
let w = source(i32(q * k.stride) + left[g], i32(k.w));
let a = select(0.0, f32(x[u32(image[g] + max(w, 0)) * k.c + channel[g]]), insideH[g] && w >= 0);
