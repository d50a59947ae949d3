// The rate of f32 multiply-adds; see the part.

alias Scalar = f32;
// #include "parts/multiply_adds.wgsl"
