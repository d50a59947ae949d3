/** Operations that can be computed in several ways, and the variants that do it. */
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import type { BufferSlice } from '../gpu/launch.ts';
import type { FloatDType, KernelSource } from './source.ts';

/** What a variant says of itself, whatever the problem. */
export interface VariantInfo {
  readonly name: string;
  /** The kind of adapter that it was written for. It may run on the other kind too, where it supports the problem. */
  readonly madeFor: 'cpu' | 'gpu' | 'any';
  /** The kernels that it launches. When the text of one changes, earlier measurements no longer count. */
  readonly sources: readonly KernelSource[];
  /** Parts of these kernels that other parts take the place of; none unless it is given. */
  readonly instead?: Readonly<Record<string, string>>;
  /** Workgroup memory in bytes that its kernels declare, or at least need where they take what a device has; 0 for none. */
  readonly workgroupBytes: number;
}

/**
 * A way to compute an operation. Whether it can is asked of the problem alone, so it must take any arguments; what only some variants
 * can do has to be a property of the problem.
 */
export interface Variant<Problem, Args> extends VariantInfo {
  /** Whether it can compute this problem on this device. That there is enough workgroup memory is checked besides. */
  supports(device: Device, problem: Problem): boolean;
  launch(device: Device, problem: Problem, args: Args): void;
}

/** What an operation says of itself, whatever its problems. */
export interface OperationInfo {
  /** e.g. `conv2d.forward`. */
  readonly name: string;
  readonly variants: readonly VariantInfo[];
}

/**
 * Something that can be computed in several ways. A `Problem` holds what the choice depends on, such as extents, and `Args` the buffers
 * and all that does not matter for the choice.
 */
export interface Operation<Problem, Args> extends OperationInfo {
  /**
   * In order of preference among those made for the same kind of adapter; see {@link supportedVariants}. The last is the obvious one:
   * it supports every problem, and the others are compared with it.
   */
  readonly variants: Variant<Problem, Args>[];
  /** The problem in one line, e.g. `3×3 s1 p1 [1,64,64,32]→[1,64,64,64] f32`: problems that differ read differently. */
  describe(problem: Problem): string;
  /**
   * Arguments with which any variant can be launched on the problem: buffers of the real size, and for the rest what is usual. With
   * them variants are compared and timed.
   *
   * @param full asks for all that arguments can ask for instead, as a bias and an activation: with that too variants are checked
   */
  exampleArguments(problem: Problem, buffers: ExampleBuffers, full?: boolean): Args;
}

/** Gives {@link Operation.exampleArguments} its buffers, of `count` elements each; f32 unless told otherwise. */
export interface ExampleBuffers {
  /** A buffer that a variant reads: random numbers in [−1, 1). */
  input(count: number, dtype?: FloatDType): BufferSlice;
  /** A buffer that a variant must fill, and whose contents are compared. */
  output(count: number, dtype?: FloatDType): BufferSlice;
  /** One to whose numbers, random ones, it adds. */
  sum(count: number): BufferSlice;
}

/**
 * The variants that can compute a problem on a device, in the order of the default choice:
 *
 * 1. those made for this kind of adapter or for any, in the operation's order
 * 2. on a GPU those made for CPUs
 * 3. the obvious one
 * 4. on a software adapter those made for GPUs: they take it seconds to compile, and then lose by far
 */
export function supportedVariants<Problem, Args>(
  device: Device,
  { variants }: Operation<Problem, Args>,
  problem: Problem,
): Variant<Problem, Args>[] {
  const { software } = device.info;
  const rank = (variant: VariantInfo) => {
    if (variant === variants.at(-1)) return 2;
    if (variant.madeFor === 'cpu' && !software) return 1;
    return variant.madeFor === 'gpu' && software ? 3 : 0;
  };
  return variants
    .filter(
      (variant) =>
        variant.workgroupBytes <= device.limits.maxComputeWorkgroupStorageSize && variant.supports(device, problem),
    )
    .sort((a, b) => rank(a) - rank(b));
}

/**
 * The variant of an operation that has this name.
 *
 * @throws CyclopsError when there is none; it names those that there are
 */
export function variantNamed<Own extends VariantInfo>(
  { name: operation, variants }: { readonly name: string; readonly variants: readonly Own[] },
  name: string,
): Own {
  const found = variants.find((variant) => variant.name === name);
  if (found) return found;
  const names = variants.map((variant) => variant.name).join(', ');
  throw new CyclopsError(`${operation} has no variant '${name}'; expected one of ${names}.`);
}

/**
 * Adds a variant to an operation, from this package or from outside. It comes just before the obvious one, so
 * it is the default only where the obvious one would have been. Tuning measures it, and it can be forced.
 *
 * @throws CyclopsError when the operation has a variant of that name
 */
export function register<Problem, Args>(operation: Operation<Problem, Args>, variant: Variant<Problem, Args>): void {
  if (operation.variants.some(({ name }) => name === variant.name)) {
    throw new CyclopsError(
      `${operation.name} has a variant '${variant.name}' already. Register it under another name.`,
    );
  }
  operation.variants.splice(-1, 0, variant);
}
