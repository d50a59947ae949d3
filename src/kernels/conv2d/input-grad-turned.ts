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
import type { InputGradArguments } from './arguments.ts';
import { haloForward, type MatrixForward, matrixForward } from './matrix-forward.ts';
import { haloTiles, matrixTiles, splitTiles } from './matrix-tile.ts';
import { FOLD, padded, paddedFits, transposed, unfolded } from './padded-gradient.ts';
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
      repeatable: true,
      flops: 0,
      bytes: 2 * bytes,
    });
    launch(turned);
  });
}

const turningGrid = ({ c, o, kh, kw }: ConvProblem) => [ceilDiv(o, 32), ceilDiv(c, 32), kh * kw] as const;

/** A forward kernel, which computes the input gradient from dy and the turned weight. */
function turned({ tile, ...forward }: MatrixForward): Variant<ConvProblem, InputGradArguments> {
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

export const turnedVariants: readonly Variant<ConvProblem, InputGradArguments>[] = [
  ...[...splitTiles, ...matrixTiles].map(matrixForward),
  ...haloTiles.map(haloForward),
].map(turned);
