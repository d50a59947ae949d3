/** Variants from outside the package: a module that exports them, or the text of a kernel and a few lines of JSON. */
import { dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as v from 'valibot';
import { readJson } from '../../data/files/json-file.ts';
import { readText } from '../../data/files/read.ts';
import { byName, finite, list, object, oneOf, only, text, whole } from '../../data/files/schema.ts';
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import { ceilDiv, type Launch } from '../../gpu/launch.ts';
import { type FloatDType, kernel, sourceText } from '../../kernels/source.ts';
import { operationNamed } from '../../kernels/tuning/operations.ts';
import { type Operation, type Variant, variantNamed } from '../../kernels/variant.ts';

/** A variant and the operation that it computes. Whether their problems fit is seen when it runs. */
export interface OutsideVariant {
  operation: Operation<unknown, unknown>;
  variant: Variant<unknown, unknown>;
}

/** What a problem's value has to be. */
const condition = v.union(
  [
    v.union([finite(), text]),
    only({ multipleOf: v.optional(whole(1)), least: v.optional(finite()), most: v.optional(finite()) }),
  ],
  'a number, a text, or an object with multipleOf, least or most',
);

/** A variant that is another's launch with another kernel. */
const description = only({
  operation: text,
  name: text,
  /** The kernel's file, beside the description. */
  kernel: text,
  /** The variant whose launch it takes over: bindings, immediates and constants. The obvious one unless it is given. */
  like: v.optional(text),
  madeFor: v.optional(oneOf(['cpu', 'gpu', 'any'])),
  /** Bytes of workgroup memory that the kernel declares. */
  workgroupBytes: v.optional(whole(0)),
  /** Which problems it supports: by name, what each value has to be. All unless it is given. */
  where: v.optional(byName(condition)),
  /** Along each axis the product of these values of the problem, divided by `per` and rounded up. As the other's unless it is given. */
  workgroups: v.optional(v.pipe(list(only({ of: list(text), per: whole(1) })), v.maxLength(3, 'at most three axes'))),
  /** Values of `override` constants, besides those of the other. */
  constants: v.optional(byName(finite())),
});

type Description = v.InferOutput<typeof description>;

/** What a module exports. */
const exported = object({
  operation: text,
  variants: list(v.custom<Variant<unknown, unknown>>(isVariant, 'a variant')),
});

/**
 * The variants of a file: a module that exports `operation`, a name, and `variants`, or a description in JSON.
 *
 * @throws CyclopsError when it cannot be read, or says something else
 */
export async function outsideVariants(path: string): Promise<OutsideVariant[]> {
  const found = extname(path) === '.json' ? [described(path)] : await ofModule(path);
  for (const { operation, variant } of found) {
    if (!operation.variants.some(({ name }) => name === variant.name)) continue;
    throw new CyclopsError(
      `${path} names its variant '${variant.name}', as ${operation.name} has one already. Give it another name.`,
    );
  }
  return found;
}

function operationOf(name: string, path: string): Operation<unknown, unknown> {
  try {
    // Its problems and arguments are known to it and its variants alone.
    return operationNamed(name) as Operation<unknown, unknown>;
  } catch (error) {
    throw error instanceof CyclopsError ? new CyclopsError(`${path}: ${error.message}`) : error;
  }
}

function isVariant(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { name, madeFor, sources, workgroupBytes, supports, launch } = value as Partial<Variant<unknown, unknown>>;
  const isFunction = [supports, launch].every((one) => typeof one === 'function');
  const kinds: unknown[] = ['cpu', 'gpu', 'any'];
  return (
    isFunction &&
    typeof name === 'string' &&
    kinds.includes(madeFor) &&
    Array.isArray(sources) &&
    typeof workgroupBytes === 'number'
  );
}

async function ofModule(path: string): Promise<OutsideVariant[]> {
  readText(path);
  let module: unknown;
  try {
    module = await loaded(pathToFileURL(resolve(path)).href);
  } catch (error) {
    const why = textOf(error);
    const advice =
      /\.[cm]?ts$/.test(path) && /Unknown file extension/.test(why)
        ? ' This Node reads no TypeScript: use one from 22.18 on, begin with `node --import tsx`, or compile it.'
        : '';
    throw new CyclopsError(`The module ${path} cannot be loaded: ${why}.${advice}`);
  }
  const { issues, output } = v.safeParse(exported, { ...(module as object) });
  if (issues) {
    throw new CyclopsError(
      `The module ${path} has to export \`operation\`, the name of an operation, and \`variants\`, a list of Variant objects (docs/kernels.md); ` +
        `${issues[0].path?.map(({ key }) => key).join('.') ?? 'it'} is to be ${issues[0].message}.`,
    );
  }
  const operation = operationOf(output.operation, path);
  return output.variants.map((variant) => ({ operation, variant }));
}

/** What a module exports. A module may wait for what never comes, and Node would end without a word when nothing else is left to do. */
async function loaded(url: string): Promise<unknown> {
  let stop = () => {};
  const endless = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('it waits, at its top level, for something that never comes'));
  });
  process.once('beforeExit', stop);
  try {
    return await Promise.race([import(url), endless]);
  } finally {
    process.off('beforeExit', stop);
  }
}

/** What a module threw, which may be anything. */
function textOf(error: unknown): string {
  try {
    return (error instanceof Error ? String(error.message) : String(error)).replace(/\.$/, '');
  } catch {
    return 'it threw something that has no text';
  }
}

function described(path: string): OutsideVariant {
  const given = readJson(path, description);
  const operation = operationOf(given.operation, path);
  const file = resolve(dirname(path), given.kernel);
  readText(file);
  const source = pathToFileURL(file);
  const like = given.like === undefined ? operation.variants.at(-1)! : variantNamed(operation, given.like);
  const declared = new Set([...sourceText(source).matchAll(/\boverride\s+(\w+)/g)].map(([, name]) => name));
  const variant: Variant<unknown, unknown> = {
    name: given.name,
    madeFor: given.madeFor ?? 'any',
    sources: [source],
    workgroupBytes: given.workgroupBytes ?? 0,
    supports: (device, problem) => like.supports(device, problem) && fits(given, valuesOf(problem)),
    launch(device, problem, args) {
      const launch = launchOf(device, (other) => like.launch(other, problem, args), {
        name: given.name,
        like: `${operation.name}'s variant ${like.name}`,
      });
      const values = valuesOf(problem);
      const constants = { ...launch.kernel.constants, ...given.constants };
      const own = Object.fromEntries(Object.entries(constants).filter(([name]) => declared.has(name)));
      const dtype: FloatDType = values.get('dtype') === 'f16' ? 'f16' : 'f32';
      device.launch({
        ...launch,
        kernel: kernel(source, own, { dtype }),
        workgroups: workgroupsOf(given, values) ?? launch.workgroups,
      });
    },
  };
  return { operation, variant };
}

function valuesOf(problem: unknown): ReadonlyMap<string, unknown> {
  return new Map(Object.entries(Object(problem)));
}

function fits({ where = {} }: Description, values: ReadonlyMap<string, unknown>): boolean {
  return Object.entries(where).every(([name, wanted]) => {
    const value = values.get(name);
    if (typeof wanted !== 'object') return value === wanted;
    const { multipleOf = 1, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = wanted;
    return typeof value === 'number' && value % multipleOf === 0 && value >= least && value <= most;
  });
}

/** @throws CyclopsError for a name that the problem has no number of */
function workgroupsOf(
  { name, workgroups }: Description,
  values: ReadonlyMap<string, unknown>,
): [number, number, number] | null {
  if (!workgroups) return null;
  const [x = 1, y = 1, z = 1] = workgroups.map(({ of, per }) => {
    const product = of.reduce((total, factor) => {
      const value = values.get(factor);
      if (typeof value === 'number') return total * value;
      throw new CyclopsError(
        `The variant ${name} counts workgroups by '${factor}'; expected a number of the problem: ${[...values.keys()].join(', ')}.`,
      );
    }, 1);
    return ceilDiv(product, per);
  });
  return [x, y, z];
}

/** The one launch that work makes on a device, which is not run. @throws CyclopsError where it makes several */
function launchOf(
  device: Device,
  work: (device: Device) => void,
  { name, like }: { name: string; like: string },
): Launch {
  const launches: Launch[] = [];
  work(Object.create(device, { launch: { value: (launch: Launch) => launches.push(launch) } }));
  const [launch, ...more] = launches;
  if (launch && more.length === 0) return launch;
  throw new CyclopsError(
    `The variant ${name} takes over a launch of ${like}, which makes ${launches.length} here. Describe it in a module instead.`,
  );
}
