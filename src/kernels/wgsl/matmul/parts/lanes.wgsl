// Lanes of a workgroup, which compute in step.
const LANES = 8u;
