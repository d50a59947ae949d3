import type { Device } from '../../gpu/device.ts';
import { type BufferSlice, ceilDiv } from '../../gpu/launch.ts';
import { ACTIVATION_CODES, type Activation } from '../activation.ts';
import { flatGrid } from '../flat-grid.ts';
import { kernel } from '../source.ts';
import type { Operation, Variant } from '../variant.ts';
import {
  type MatrixTile,
  matrixSpecialisation,
  matrixTileBytes,
  matrixTileName,
  matrixTileSuits,
  matrixTiles,
} from './matrix-tile.ts';
import {
  type ConvProblem,
  convBytes,
  convFlops,
  convImmediates,
  convSizes,
  type Dispatch,
  describe,
  hasLanes,
} from './problem.ts';
import { type Tile, tileBytes, tileConstants, tileName, tileSuits, tiles } from './tile.ts';
import { canConvolve, convolveSources, winogradConvolve, winogradVariants } from './winograd.ts';

export interface ForwardArguments {
  x: BufferSlice;
  weight: BufferSlice;
  bias: BufferSlice | null;
  y: BufferSlice;
  activation: Activation;
}

function dispatch(
  device: Device,
  k: ConvProblem,
  { x, weight, bias, y }: ForwardArguments,
  { more = [], ...own }: Dispatch,
): void {
  device.launch({
    ...own,
    // A kernel without bias has the binding all the same; the weights stand in, unread.
    bindings: [x, weight, bias ?? weight, y, ...more],
    immediates: convImmediates(k),
    label: 'conv2d.forward',
    flops: convFlops(k),
    bytes: convBytes(k),
  });
}

function constants({ bias, activation }: ForwardArguments): Record<string, number> {
  return { BIAS: bias ? 1 : 0, ACTIVATION: ACTIVATION_CODES[activation] };
}

const rows = ({ n, p, q }: ConvProblem) => n * p * q;

const tiled: Variant<ConvProblem, ForwardArguments> = {
  name: 'tiled',
  madeFor: 'cpu',
  sources: ['conv2d/forward-tiled'],
  workgroupBytes: 0,
  supports: (device, k) => k.c % 4 === 0 && k.o % 4 === 0 && hasLanes(device, ceilDiv(rows(k), 16)),
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/forward-tiled', constants(args), { dtype: k.dtype }),
      workgroups: [ceilDiv(rows(k), 16), ceilDiv(k.o, 32), 1],
    }),
};

const thinOutput: Variant<ConvProblem, ForwardArguments> = {
  name: 'thin_output',
  madeFor: 'cpu',
  sources: ['conv2d/forward-thin-output'],
  workgroupBytes: 0,
  supports: (device, k) => k.o <= 4 && k.c % 4 === 0 && hasLanes(device, ceilDiv(rows(k), 64)),
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/forward-thin-output', { ...constants(args), O: k.o }, { dtype: k.dtype }),
      workgroups: [ceilDiv(rows(k), 64), 1, 1],
    }),
};

const thinInput: Variant<ConvProblem, ForwardArguments> = {
  name: 'thin_input',
  madeFor: 'cpu',
  sources: ['conv2d/forward-thin-input'],
  workgroupBytes: 0,
  supports: (device, k) => k.o % 4 === 0 && hasLanes(device, ceilDiv(rows(k), 32)),
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/forward-thin-input', constants(args), { dtype: k.dtype }),
      workgroups: [ceilDiv(rows(k), 32), ceilDiv(k.o, 32), 1],
    }),
};

const naive: Variant<ConvProblem, ForwardArguments> = {
  name: 'naive',
  madeFor: 'any',
  sources: ['conv2d/forward-naive'],
  workgroupBytes: 0,
  supports: () => true,
  launch: (device, k, args) =>
    dispatch(device, k, args, {
      kernel: kernel('conv2d/forward-naive', constants(args), { dtype: k.dtype }),
      workgroups: flatGrid(device, rows(k) * k.o),
    }),
};

const winograds = winogradVariants<ForwardArguments>((way) => ({
  sources: convolveSources(way),
  supports: (device, k) => canConvolve(device, way, k),
  launch: (device, k, args) => winogradConvolve(device, way, k, { ...args, flipped: false, label: 'conv2d.forward' }),
}));

function workgroupTiled(tile: Tile): Variant<ConvProblem, ForwardArguments> {
  const grid = (k: ConvProblem) => [ceilDiv(rows(k), tile.rows), ceilDiv(k.o, tile.columns), 1] as const;
  return {
    name: tileName(tile),
    madeFor: 'gpu',
    sources: ['conv2d/forward-workgroup'],
    workgroupBytes: tileBytes(tile),
    supports: (device, k) => tileSuits(device, tile, rows(k), k.o),
    launch: (device, k, args) => {
      const vec4s = { VEC4_C: k.c % 4 === 0 ? 1 : 0, VEC4_O: k.o % 4 === 0 ? 1 : 0 };
      const all = { ...constants(args), ...tileConstants(tile), ...vec4s };
      dispatch(device, k, args, {
        kernel: kernel('conv2d/forward-workgroup', all, { dtype: k.dtype }),
        workgroups: grid(k),
        more: [args.x, args.weight],
      });
    },
  };
}

export function matrixTiled(tile: MatrixTile): Variant<ConvProblem, ForwardArguments> {
  const grid = (k: ConvProblem) => [ceilDiv(rows(k), tile.rows), ceilDiv(k.o, tile.columns), 1] as const;
  return {
    name: matrixTileName(tile),
    madeFor: 'gpu',
    sources: ['conv2d/forward-matrix'],
    workgroupBytes: matrixTileBytes(tile),
    supports: (device, k) => matrixTileSuits(device, tile, { dtype: k.dtype, rows: rows(k), columns: k.o }),
    launch: (device, k, args) => {
      const eights = { EIGHTS_C: k.c % 8 === 0 ? 1 : 0, EIGHTS_O: k.o % 8 === 0 ? 1 : 0 };
      const sizes = matrixSpecialisation(device, tile, eights.EIGHTS_O === 1);
      dispatch(device, k, args, {
        kernel: kernel('conv2d/forward-matrix', { ...constants(args), ...eights }, sizes),
        workgroups: grid(k),
        more: [args.x, args.weight],
        matrices: true,
      });
    },
  };
}

/** y = activation(conv(x, weight) + bias). */
export const convForward: Operation<ConvProblem, ForwardArguments> = {
  name: 'conv2d.forward',
  variants: [
    thinOutput,
    tiled,
    thinInput,
    ...matrixTiles.map(matrixTiled),
    ...tiles.map(workgroupTiled),
    ...winograds,
    naive,
  ],
  describe,
  exampleArguments: (k, buffers) => {
    const { x, weight, y } = convSizes(k);
    // Bias and activation cost nothing beside the product, and without them is how most layers run.
    const slices = {
      x: buffers.input(x, k.dtype),
      weight: buffers.input(weight, k.dtype),
      y: buffers.output(y, k.dtype),
    };
    return { ...slices, bias: null, activation: 'none' };
  },
};
