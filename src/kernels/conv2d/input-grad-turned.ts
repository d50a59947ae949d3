/**
 * Input gradients at stride 1 by the forward kernels of matrix hardware, for which the weight is turned first. Bundles for pages leave them
 * out, by input-grad-turned-in-page.ts in place of this file.
 */
import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv } from '../../gpu/launch.ts';
import { ACTIVATION_CODES } from '../activation.ts';
import { DTYPE_BYTES, kernel } from '../source.ts';
import { withTemporary } from '../sum-parts.ts';
import type { Variant } from '../variant.ts';
import { type HaloTile, haloTiles, type MatrixTile, matrixTiles, splitTiles } from './matrix-tile.ts';
import { FOLD, type InputGradArguments, padded, paddedFits, transposed, unfolded } from './padded-gradient.ts';
import { type ConvProblem, convBytes, convFlops, convImmediates, convSizes, gridFits } from './problem.ts';

/** Lends `launch` the weight [KH,KW,C,O] of a problem, turned: [KH,KW,O,C], with its taps in reverse order. */
function withTurned(device: Device, k: ConvProblem, weight: BufferSlice, launch: (turned: BufferSlice) => void): void {
  const bytes = DTYPE_BYTES[k.dtype] * convSizes(k).weight;
  withTemporary(device, bytes, (turned) => {
    device.launch({
      kernel: kernel('conv2d/matrix-turn-weight', {}, { dtype: k.dtype }),
      bindings: [weight, turned],
      immediates: convImmediates(k),
      workgroups: turningGrid(k),
      label: 'conv2d.turnWeight',
      flops: 0,
      bytes: 2 * bytes,
    });
    launch(turned);
  });
}

const turningGrid = ({ c, o, kh, kw }: ConvProblem) => [ceilDiv(o, 32), ceilDiv(c, 32), kh * kw] as const;

/** A forward kernel of matrix hardware, as it is launched for a problem. */
interface ForwardKernel {
  readonly source: string;
  suits(device: Device, k: ConvProblem): boolean;
  constants(k: ConvProblem): Record<string, number>;
  grid(device: Device, k: ConvProblem): readonly [number, number, number];
}

/** It computes the input gradient from dy and the turned weight. */
function turned(tile: MatrixTile, forward: ForwardKernel): Variant<ConvProblem, InputGradArguments> {
  const info = tile.info('conv2d/matrix-turn-weight', forward.source, FOLD);
  return {
    ...info,
    name: `${info.name}_turned`,
    supports: (device, k) => {
      const product = padded(k);
      return (
        k.stride === 1 &&
        k.kh === k.kw &&
        product.padding < k.kh &&
        forward.suits(device, transposed(product)) &&
        gridFits(device, turningGrid(k)) &&
        paddedFits(device, k)
      );
    },
    launch: (device, problem, all) =>
      unfolded(device, problem, all, (k, args) => {
        const product = transposed(k);
        const constants = { BIAS: args.bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES.none, ...forward.constants(product) };
        const { y, weight } = convSizes(k);
        withTurned(device, k, args.weight, (weights) =>
          tile.withOperands(device, [args.dy, y], [weights, weight], (more) =>
            device.launch({
              kernel: kernel(forward.source, constants, tile.specialisation(device, k.c % 8 === 0)),
              bindings: [args.dy, weights, args.bias ?? weights, args.dx, ...more],
              immediates: convImmediates(product),
              workgroups: forward.grid(device, product),
              label: 'conv2d.inputGrad',
              flops: convFlops(k),
              bytes: convBytes(k),
              matrices: true,
            }),
          ),
        );
      }),
  };
}

const matrixTurned = (tile: MatrixTile) =>
  turned(tile, {
    source: 'conv2d/forward-matrix',
    suits: (device, k) => tile.suits(device, k, k.n * k.p * k.q, k.o),
    constants: ({ c, o }) => ({ EIGHTS_C: c % 8 === 0 ? 1 : 0, EIGHTS_O: o % 8 === 0 ? 1 : 0 }),
    grid: (_, { n, p, q, o }) => [ceilDiv(n * p * q, tile.rows), ceilDiv(o, tile.columns), 1],
  });

const haloTurned = (tile: HaloTile) =>
  turned(tile, {
    source: 'conv2d/forward-matrix-halo',
    suits: (device, k) => tile.suits(device, k),
    constants: () => ({}),
    grid: (device, k) => [tile.rectangles(device, k), ceilDiv(k.o, tile.columns), 1],
  });

export const turnedVariants: readonly Variant<ConvProblem, InputGradArguments>[] = [
  ...[...splitTiles, ...matrixTiles].map(matrixTurned),
  ...haloTiles.map(haloTurned),
];
