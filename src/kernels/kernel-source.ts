/** Kernels to be read: the texts that a variant of an operation hands to the device. */
import { type FloatDType, type KernelSource, kernel } from './source.ts';
import { type OperationInfo, variantNamed } from './variant.ts';

/** The WGSL text of a kernel. */
export interface KernelText {
  /** e.g. `conv2d/forward-tiled`, or the name of a file from elsewhere. */
  readonly name: string;
  readonly code: string;
}

/**
 * The kernels that a variant launches, each with its includes put in their places. No device is asked, so what depends on one or on a
 * problem stands as it does in the files: `override` constants without values, and the sizes of matrices and tiles (`const ROWS = …`).
 *
 * @param variantName e.g. `tiled`
 * @param dtype of the tensors; kernels for only one of the two are the same for both
 * @throws CyclopsError when the operation has no such variant
 */
export function kernelSource(
  operation: OperationInfo,
  variantName: string,
  dtype: FloatDType = 'f32',
): readonly KernelText[] {
  const { sources, instead = {} } = variantNamed(operation, variantName);
  return sources.map((source: KernelSource) => {
    const { name, code } = kernel(source, {}, { dtype, instead });
    return { name, code };
  });
}
