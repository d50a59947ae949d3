// What the convolutions on matrix hardware share: a workgroup's product of ROWS × COLUMNS results, of matrices of f16 with f32 sums.
//
// Operands come from memory in chunks of 8 numbers, a slab of SLAB depth steps at a time: each invocation loads its chunks of
// the next slab into registers while the subgroups multiply the present one out of workgroup memory. DOWN × ACROSS subgroups share the
// tile; each holds DOWN_EACH × ACROSS_EACH results of M × N, at most 4 × 4, or of split operands 4 × 2. Lines of a slab are 8 numbers longer than what they hold, so
// that the lines of one matrix begin in different banks. Results leave through workgroup memory, since WGSL does not say which lane holds
// which element of a matrix.
//
// Matrices and chunks have names, sum00 to sum33 and a0 to a3. In arrays they would not stay in registers, because an index is not known
// when the kernel is compiled. So no function can loop over them; what main does with them is text that it includes, in this order:
//   conv2d/parts/matrix-sums      declares the results, all 0
//   conv2d/parts/matrix-multiply  adds the product of the present slabs to them
//   conv2d/parts/matrix-keep      puts the loaded chunks in the place of the present slabs
//   conv2d/parts/matrix-write     hands the results to the function `write` of the kernel
// The kernel also says how a slab lies in workgroup memory, most by including conv2d/parts/matrix-rows and matrix-columns: leftOf and
// rightOf load a matrix of an operand from the slab that begins at `slab`, placeA and placeB say where a chunk goes, and
// CHUNKS_A how many a slab has.
// conv2d/parts/matrix-slabs or matrix-slabs-wide says what its elements are.
//
// Operands are f16 (conv2d/parts/matrix-operands), or f32, which are split into two numbers of f16 each: then matrix-operands-split and the
// other parts with that ending are included in place of those without it.
//
// The constants from here to ACROSS are replaced by those of the tile and of the device's matrices.
const M = 8u;
const N = 8u;
const K = 8u;
const SUBGROUP = 32u; // invocations of a subgroup
const ROWS = 64u;
const COLUMNS = 32u;
const SLAB = 16u;
const DOWN = 2u;
const ACROSS = 2u;

const LANES = SUBGROUP * DOWN * ACROSS;
const DOWN_EACH = ROWS / (M * DOWN);
const ACROSS_EACH = COLUMNS / (N * ACROSS);
const CHUNKS_B = COLUMNS * SLAB / 8u;
const LOADS_A = (CHUNKS_A + LANES - 1u) / LANES; // chunks of an invocation
const LOADS_B = (CHUNKS_B + LANES - 1u) / LANES;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Result = subgroup_matrix_result<f32, N, M>;

// #include "conv2d/parts/matrix-slabs.wgsl"
// #include "conv2d/parts/matrix-operands.wgsl"
