// The rate of f16 multiply-adds; see the part.

enable f16;
alias Scalar = f16;
// #include "ceilings/parts/multiply-adds.wgsl"
