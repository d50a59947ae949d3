/** The forward kernels of matrix hardware, as they are launched for a problem, or for what gives its input gradient. */
import type { Device } from '../../gpu/device.ts';
import { ceilDiv } from '../../gpu/launch.ts';
import type { HaloTile, MatrixTile } from './matrix-tile.ts';
import type { ConvProblem } from './problem.ts';

export interface MatrixForward {
  readonly tile: MatrixTile;
  readonly source: string;
  suits(device: Device, k: ConvProblem): boolean;
  /** Besides those of bias and activation. */
  constants(k: ConvProblem): Record<string, number>;
  grid(device: Device, k: ConvProblem): readonly [number, number, number];
}

export const matrixForward = (tile: MatrixTile): MatrixForward => ({
  tile,
  source: 'conv2d/forward-matrix',
  suits: (device, k) => tile.suits(device, k, k.n * k.p * k.q, k.o),
  constants: ({ c, o }) => ({ EIGHTS_C: c % 8 === 0 ? 1 : 0, EIGHTS_O: o % 8 === 0 ? 1 : 0 }),
  grid: (_, { n, p, q, o }) => [ceilDiv(n * p * q, tile.rows), ceilDiv(o, tile.columns), 1],
});

export const haloForward = (tile: HaloTile): MatrixForward => ({
  tile,
  source: 'conv2d/forward-matrix-halo',
  suits: (device, k) => tile.suits(device, k),
  constants: () => ({}),
  grid: (device, k) => [tile.rectangles(device, k), ceilDiv(k.o, tile.columns), 1],
});
