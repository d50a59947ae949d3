// How 256 invocations share a plane of 8 channels: 2 columns of 4 channels, 128 rows. A row owns every 128th pixel. Eight channels are
// 32 bytes, which is what memory is fetched in, and leave many workgroups; GPUs are short of those where planes are large.

// #include "instance-norm/parts/rows.wgsl"
const COLUMNS = 2u;
const ROWS = 128u;
// Pixels that a row can keep in registers, so that planes of up to ROWS * HELD pixels are read once.
const HELD = 8u;
override HOLD: bool;
