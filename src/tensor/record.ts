import type { Layer } from '../gpu/launch.ts';
import { runSynchronously } from '../gpu/synchronous.ts';

/** What has come for an input, by its number, from elsewhere. */
export type Before<T> = (input: number) => T | null;

/** A gradient whose last step is still to be done: by an operation that does it along with its own work, or for any other by `settle`. */
export interface Unsettled<T> {
  settle(): T;
}

/** Work on the gradient of a leaf that waits for the next operation which has the leaf among its inputs, to be done along with its own. */
export interface PutOff {
  /** Where no such operation takes it. */
  doAlone(): void;
}

/** What a backward pass knows beyond the operation whose turn it is. */
export interface Walk<T> {
  /** Whether operations to come have this leaf among their inputs. */
  comesAgain(leaf: T): boolean;
  putOff(leaf: T, work: PutOff): void;
  /** What was put off for this leaf; who takes it does it. */
  taken(leaf: T): PutOff | null;
}

/** What made a tensor, or several at once, for the backward pass. */
export interface GradNode<T> {
  readonly inputs: readonly T[];
  readonly outputs: readonly T[];
  /** The part of a network that made them. */
  readonly layer: Layer | null;
  /** Versions of inputs and outputs when they were made. */
  readonly versions: readonly number[];
  /** Whether it takes a gradient of its output that is not settled. */
  readonly takesUnsettled: boolean;
  /**
   * Turns gradients of the outputs (null where nothing depends on one; never all) into gradients in the order of `inputs`:
   * null where none is needed or it was added to the input's `grad` directly, and not settled only for inputs whose node takes that.
   *
   * @param before takes what has come for an input so far, null for nothing or a leaf: who takes it adds it to the input's gradient
   */
  backward(
    gradOutputs: readonly (T | Unsettled<T> | null)[],
    before: Before<T>,
    walk: Walk<T>,
  ): readonly (T | Unsettled<T> | null)[];
}

/** What recording needs to know of a tensor. */
interface Recordable<T> {
  readonly device: { readonly layer: Layer | null };
  requiresGrad: boolean;
  readonly version: number;
  node: GradNode<T> | null;
}

let recording = true;

/**
 * Runs `body` without recording: nothing inside can be differentiated, and nothing is kept for it.
 *
 * @throws CyclopsError when it returns a promise
 */
export function noGrad<T>(body: () => T): T {
  const before = recording;
  recording = false;
  try {
    return runSynchronously('noGrad', body);
  } finally {
    recording = before;
  }
}

/**
 * Notes how `output` was made, if recording is on and any input wants a gradient. Operations call this once at their end.
 *
 * @param backward as of {@link GradNode}, for the one output
 * @returns `output`
 */
export function record<T extends Recordable<T>>(
  output: T,
  inputs: readonly T[],
  backward: (gradOutput: T, before: Before<T>, walk: Walk<T>) => readonly (T | Unsettled<T> | null)[],
): T {
  recordAll([output], inputs, ([gradOutput], before, walk) => (gradOutput ? backward(gradOutput, before, walk) : []));
  return output;
}

/** As {@link record}, for an operation that takes a gradient of its output that is not settled. */
export function recordTaking<T extends Recordable<T>>(
  output: T,
  inputs: readonly T[],
  backward: (gradOutput: T | Unsettled<T>) => readonly (T | null)[],
): T {
  note([output], inputs, true, ([gradOutput]) => (gradOutput ? backward(gradOutput) : []));
  return output;
}

/** As {@link record}, for an operation with several outputs. */
export function recordAll<T extends Recordable<T>>(
  outputs: readonly T[],
  inputs: readonly T[],
  backward: (
    gradOutputs: readonly (T | null)[],
    before: Before<T>,
    walk: Walk<T>,
  ) => readonly (T | Unsettled<T> | null)[],
): void {
  const settled = (gradient: T | Unsettled<T> | null) => gradient && settledOf(gradient);
  note(outputs, inputs, false, (gradOutputs, before, walk) => backward(gradOutputs.map(settled), before, walk));
}

/** A gradient with its last step done. */
export function settledOf<T extends object>(gradient: T | Unsettled<T>): T {
  return 'settle' in gradient ? gradient.settle() : gradient;
}

function note<T extends Recordable<T>>(
  outputs: readonly T[],
  inputs: readonly T[],
  takesUnsettled: boolean,
  backward: GradNode<T>['backward'],
): void {
  if (!recording || !inputs.some((input) => input.requiresGrad)) return;
  const versions = [...inputs, ...outputs].map(({ version }) => version);
  const node = { inputs, outputs, layer: outputs[0]?.device.layer ?? null, versions, takesUnsettled, backward };
  for (const output of outputs) {
    output.requiresGrad = true;
    output.node = node;
  }
}
