// How the kernel's tensors lie in memory: as f32 or, with parts/dtype-f16.wgsl in place of this file, as f16. All arithmetic is in f32:
// values are converted where they are loaded, by f32(…) or vec4f(…), and where they are stored.
alias Element = f32;
alias Element4 = vec4f;
