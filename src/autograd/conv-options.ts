import { CyclopsError } from '../gpu/errors.ts';
import type { Activation } from '../kernels/activation.ts';
import type { ConvOptions } from '../kernels/conv2d/problem.ts';
import { requireActivation } from './activations/activation.ts';

/** What the operations take, by name. */
export const CONV_OPTIONS = ['stride', 'padding', 'paddingMode', 'activation'];
export const CONV_TRANSPOSE_OPTIONS = ['stride', 'padding', 'outputPadding'];
/** What their layers take besides. */
export const LAYER_OPTIONS = ['inChannels', 'outChannels', 'kernelSize', 'deadBias'];

const PADDING_MODES: readonly ConvOptions['paddingMode'][] = ['zeros', 'reflect'];

/** Of rows and columns alike, or of each. */
export type OutputPadding = number | readonly [rows: number, columns: number];

interface Sliding extends Partial<ConvOptions> {
  outputPadding?: OutputPadding;
  activation?: Activation;
}

/**
 * @param operation who takes the options, for the message
 * @param known the names of its options
 * @throws CyclopsError unless the stride is an integer from 1 on, the paddings are integers from 0 on, the output padding is less than the
 * stride, the padding mode and the activation are known, and there is no other option, such as a dilation
 */
export function requireConvOptions(operation: string, options: Sliding, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new CyclopsError(`${operation} has no option ${unknown}; it takes ${known.join(', ')}.`);
  }
  const { stride = 1, padding = 0, outputPadding = 0, paddingMode = 'zeros', activation = 'none' } = options;
  const refuse = (name: string, expected: string, value: unknown): never => {
    throw new CyclopsError(`The ${name} of ${operation} must be ${expected}; got ${value}.`);
  };
  if (!isIntegerFrom(1, stride)) refuse('stride', 'an integer from 1 on', stride);
  if (!isIntegerFrom(0, padding)) refuse('padding', 'an integer from 0 on', padding);
  const isPair = Array.isArray(outputPadding);
  const isWithin = (value: unknown) => typeof value === 'number' && isIntegerFrom(0, value) && value < stride;
  if (isPair ? !(outputPadding.length === 2 && outputPadding.every(isWithin)) : !isWithin(outputPadding)) {
    const expected = `${isPair ? 'two integers' : 'an integer'} from 0 on and less than the stride ${stride}`;
    refuse('outputPadding', expected, isPair ? `[${outputPadding.join(', ')}]` : outputPadding);
  }
  if (!PADDING_MODES.includes(paddingMode)) refuse('paddingMode', PADDING_MODES.join(' or '), paddingMode);
  requireActivation(operation, activation);
}

function isIntegerFrom(least: number, value: number): boolean {
  return Number.isInteger(value) && value >= least;
}
