// The rate of f32 multiply-adds; see the part.

alias Scalar = f32;
// #include "ceilings/parts/multiply-adds.wgsl"
