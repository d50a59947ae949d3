import { type Command, InvalidArgumentError, Option } from 'commander';
import { CyclopsError } from '../../gpu/errors.ts';
import { kernelSource } from '../../kernels/kernel-source.ts';
import { FLOAT_DTYPES, type FloatDType } from '../../kernels/source.ts';
import { type NamedVariant, parseVariants } from '../../kernels/tuning/choices.ts';
import { operations } from '../../kernels/tuning/operations.ts';
import { align } from '../text/table.ts';

interface KernelsOptions {
  dtype: FloatDType;
}

export function addKernels(program: Command): void {
  program
    .command('kernels')
    .description('list the operations that have several kernels to choose from, or show the text of one')
    .argument('[operation=variant]', 'show the WGSL of this variant, e.g. conv2d.forward=tiled', toVariants)
    .addOption(new Option('--dtype <name>', 'the text for tensors in f32 or f16').choices(FLOAT_DTYPES).default('f32'))
    .action((variants: NamedVariant[] | undefined, { dtype }: KernelsOptions) => {
      process.stdout.write(variants ? texts(variants, dtype) : list());
    });
}

function toVariants(text: string): NamedVariant[] {
  try {
    return parseVariants(text);
  } catch (error) {
    if (error instanceof CyclopsError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** One variant a line, in order of preference. */
function list(): string {
  const rows = operations.flatMap(({ name, variants }) =>
    variants.map((variant) => [name, variant.name, variant.madeFor, variant.sources.join(', ')]),
  );
  return `${align([['operation', 'variant', 'made for', 'kernels'], ...rows], () => true).join('\n')}\n`;
}

function texts(variants: readonly NamedVariant[], dtype: FloatDType): string {
  return variants
    .flatMap(({ operation, variant }) => kernelSource(operation, variant.name, dtype))
    .map(({ name, code }) => `// ${name}.wgsl for ${dtype}, with its includes.\n\n${code}`)
    .join('\n');
}
