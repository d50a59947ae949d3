import { requireFlag, requireOptions, shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { Activation } from '../kernels/activation.ts';
import { requireActivation } from './activations/activation.ts';
import { type RowsColumns, rowsColumns, type Sides, type SidesOf, sidesOf } from './sliding.ts';

/** What the operations take, by name. */
export const CONV_OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'paddingMode', 'activation'];
export const CONV_TRANSPOSE_OPTIONS = ['stride', 'padding', 'dilation', 'groups', 'outputPadding'];
/** What their layers take besides. */
export const LAYER_OPTIONS = ['inChannels', 'outChannels', 'kernelSize', 'bias', 'deadBias'];

const PADDING_MODES = ['zeros', 'reflect'] as const;

/** Of rows and columns alike, or of each. */
export type OutputPadding = RowsColumns;

/** How a convolution slides, and which channels it sees. */
export interface SlidingOptions {
  /** Pixels from one window to the next; default 1. */
  stride?: RowsColumns;
  /** Pixels beyond the image's sides; default 0. */
  padding?: Sides;
  /** Pixels from one tap of the kernel to the next; default 1. */
  dilation?: RowsColumns;
  /** Equal shares of the channels of x and of y, of which one sees but the other; as many as channels make it depthwise. Default 1. */
  groups?: number;
}

interface Options extends SlidingOptions {
  paddingMode?: 'zeros' | 'reflect';
  outputPadding?: OutputPadding;
  activation?: Activation;
}

/** The options with everything said. */
export interface ConvSettings {
  readonly stride: readonly [number, number];
  readonly padding: SidesOf;
  readonly dilation: readonly [number, number];
  readonly groups: number;
  readonly paddingMode: 'zeros' | 'reflect';
  readonly outputPadding: readonly [number, number];
}

/**
 * @param operation who takes the options, for the message
 * @param known the names of its options
 * @throws CyclopsError unless strides, dilations and groups are integers from 1 on, the paddings are integers from 0 on, the output padding is
 * less than the stride, the padding mode and the activation are known, and there is no other option
 */
export function convSettings(operation: string, options: Options, known: readonly string[]): ConvSettings {
  requireOptions(operation, options, known);
  const { outputPadding = 0, groups = 1, paddingMode = 'zeros', activation = 'none' } = options;
  const stride = rowsColumns(operation, 'stride', options.stride ?? 1, 1);
  const padding = sidesOf(operation, 'padding', options.padding ?? 0);
  const dilation = rowsColumns(operation, 'dilation', options.dilation ?? 1, 1);
  if (!(Number.isInteger(groups) && groups >= 1)) {
    throw new CyclopsError(`The groups of ${operation} must be an integer from 1 on; got ${shown(groups)}.`);
  }
  if (!PADDING_MODES.includes(paddingMode)) {
    throw new CyclopsError(
      `The paddingMode of ${operation} must be ${PADDING_MODES.join(' or ')}; got ${shown(paddingMode)}.`,
    );
  }
  requireActivation(operation, activation);
  return { stride, padding, dilation, groups, paddingMode, outputPadding: lessThan(operation, outputPadding, stride) };
}

/** @throws CyclopsError for a layer whose bias is neither there nor not, and for one without a bias that is told that it is dead */
export function requireBias(
  layer: string,
  { bias = true, deadBias = false }: { bias?: boolean; deadBias?: boolean },
): void {
  requireFlag(layer, 'bias', bias);
  requireFlag(layer, 'deadBias', deadBias);
  if (!bias && deadBias) throw new CyclopsError(`${layer} takes deadBias: true or bias: false, not both.`);
}

/** @throws CyclopsError unless the groups divide both numbers of channels */
export function requireGroups(operation: string, groups: number, c: number, o: number): void {
  if (c % groups === 0 && o % groups === 0) return;
  throw new CyclopsError(
    `${operation} in ${groups} groups needs numbers of channels that ${groups} divides; got ${c} and ${o}.`,
  );
}

function lessThan(
  operation: string,
  outputPadding: OutputPadding,
  stride: readonly [number, number],
): readonly [number, number] {
  const isPair = Array.isArray(outputPadding);
  const pair: readonly unknown[] = isPair ? outputPadding : [outputPadding, outputPadding];
  const [rows, columns] = pair;
  const fits = (value: unknown, by: number): value is number =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < by;
  if (pair.length === 2 && fits(rows, stride[0]) && fits(columns, stride[1])) return [rows, columns];
  const strides = stride[0] === stride[1] ? `${stride[0]}` : `[${stride.join(', ')}]`;
  throw new CyclopsError(
    `The outputPadding of ${operation} must be ${isPair ? 'two integers' : 'an integer'} from 0 on and less than the stride ` +
      `${strides}; got ${shown(outputPadding)}.`,
  );
}
