/** What every variant of an operation is tested with: problems of odd shapes, and the oracle's answers. */
import { expect } from 'vitest';
import type { Device } from '../../../../src/gpu/device.ts';
import type { FloatDType } from '../../../../src/kernels/source.ts';
import {
  type Operation,
  type OperationInfo,
  supportedVariants,
  type Variant,
} from '../../../../src/kernels/variant.ts';
import { scope } from '../../../../src/tensor/scope.ts';
import { Tensor } from '../../../../src/tensor/tensor.ts';
import { worst } from '../../../oracles/compare.ts';
import { poisonWorkgroups } from '../../poison/poison.ts';

export interface Case<Problem, Args> {
  /** What it has besides the problem, e.g. `bias`. */
  name: string;
  problem: Problem;
  /** Puts the arguments on a device, with poisoned outputs. */
  stage(upload: (values: ArrayLike<number>, dtype?: FloatDType) => Tensor): { args: Args; outputs: Expected[] };
}

/** An output, what must stand in it, and how far off it may be as a share of the largest value. */
export interface Expected {
  tensor: Tensor;
  values: ArrayLike<number>;
  tolerance: number;
  /** The size that such values typically have: where there are few, the largest may happen to be much smaller. */
  typical?: number;
}

/** A variant on a case, of whatever types. */
export interface Check {
  name: string;
  supported(device: Device): boolean;
  /** Fails unless the variant computes what the oracle says. */
  run(device: Device): Promise<void>;
}

export interface Suite {
  operation: OperationInfo;
  /** Every variant that is in the list now, on every case; or on one of so many cases, each variant beginning at another. */
  checks(oneOf?: number): Check[];
}

export function suite<Problem, Args>(operation: Operation<Problem, Args>, cases: Case<Problem, Args>[]): Suite {
  const check = (variant: Variant<Problem, Args>, { name, problem, stage }: Case<Problem, Args>): Check => ({
    name: `${operation.name} ${variant.name} ${operation.describe(problem)} ${name}`,
    supported: (device) => supportedVariants(device, operation, problem).includes(variant),
    run: async (device) => {
      let outputs: Expected[] = [];
      scope(() => {
        const staged = stage((values, dtype) => Tensor.from(device, values, [values.length], dtype));
        outputs = staged.outputs;
        if (variant.workgroupBytes > 0) poisonWorkgroups(device);
        variant.launch(device, problem, staged.args);
        return outputs.map(({ tensor }) => tensor);
      });
      for (const { tensor, values, tolerance, typical } of outputs) {
        expect(worst(await tensor.data(), values, typical)).toBeLessThan(tolerance);
        tensor.dispose();
      }
    },
  });
  return {
    operation,
    checks: (oneOf = 1) =>
      operation.variants.flatMap((variant, place) =>
        cases.filter((_, i) => (i + place) % oneOf === 0).map((one) => check(variant, one)),
      ),
  };
}
