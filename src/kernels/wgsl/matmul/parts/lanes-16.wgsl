// As lanes.wgsl, on devices that compute so many in step.
const LANES = 16u;
