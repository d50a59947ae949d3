// The weights g(d) = PEAK · e^(−|d|² / (2 · 1.5²)) of an 11 × 11 window, with PEAK = (Σ e^(−i² / 4.5) over −5 ≤ i ≤ 5)⁻² so that they
// sum to 1.
const PEAK = 0.07076223776;
