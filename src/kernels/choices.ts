/** Which variant of an operation computes a problem: one forced by name, else one that was measured, else the default. */
import type { Device } from '../gpu/device.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { operations } from './operations.ts';
import { type Operation, supportedVariants, type Variant } from './variant.ts';

/** What is decided on a device; variants by name. */
interface Choices {
  /** By operation. */
  readonly forced: Map<string, string>;
  /** By problem, from measurements or from outside. */
  readonly measured: Map<string, string>;
  /** What has been used by problem, and is used again until something is decided anew. */
  readonly used: Map<string, string>;
  /** While looking for problems. */
  visit: Visit | null;
  /** While choices are written down: variants by problem. */
  noted: Map<string, string> | null;
}

/** Told of a problem under the key that names it, and whether a variant is forced or measured for it. */
export type Visit = <Problem, Args>(
  key: string,
  operation: Operation<Problem, Args>,
  problem: Problem,
  decided: boolean,
) => void;

const all = new WeakMap<Device, Choices>();

/** Computes a problem by the chosen variant. */
export function run<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
  args: Args,
): void {
  choose(device, operation, problem).launch(device, problem, args);
}

/**
 * The variant that computes a problem on a device. One that was forced or measured and that does not support the problem gives
 * way to the next rule.
 */
export function choose<Problem, Args>(
  device: Device,
  operation: Operation<Problem, Args>,
  problem: Problem,
): Variant<Problem, Args> {
  const { forced, measured, used, visit, noted } = choicesOf(device);
  const key = `${operation.name} ${operation.describe(problem)} f32`;
  const before = used.get(key);
  const again = operation.variants.find(({ name }) => name === before);
  if (again && !visit && !noted) return again;

  const supported = supportedVariants(device, operation, problem);
  const named = (wanted: string | undefined) => supported.find(({ name }) => name === wanted);
  const decided = named(forced.get(operation.name)) ?? named(measured.get(key));
  visit?.(key, operation, problem, decided !== undefined);
  const chosen = decided ?? supported[0];
  if (!chosen)
    throw new Error(`No variant of ${operation.name} supports ${operation.describe(problem)}; the last must.`);
  if (!visit) used.set(key, chosen.name);
  noted?.set(key, chosen.name);
  return chosen;
}

/**
 * Forces variants by name, e.g. `conv2d.forward=tiled`, several also in one text with commas between them. They win over what
 * the environment variable CYCLOPS_VARIANT forces in the same form, and over measurements.
 *
 * @throws CyclopsError for a text of another form and for an operation or a variant that does not exist
 */
export function forceVariants(device: Device, texts: readonly string[]): void {
  const { forced, used } = choicesOf(device);
  for (const [operation, variant] of texts.flatMap(parse)) forced.set(operation, variant);
  used.clear();
}

/** Traces `body` without running it and shows every problem in it that has variants, once each. */
export function visitProblems(device: Device, body: () => void, visit: Visit): void {
  const choices = choicesOf(device);
  const seen = new Set<string>();
  choices.visit = (key, operation, problem, decided) => {
    if (!seen.has(key)) visit(key, operation, problem, decided);
    seen.add(key);
  };
  try {
    device.trace(body);
  } finally {
    choices.visit = null;
  }
}

/** Notes the variant that was found to be best for a problem. */
export function decide(device: Device, key: string, variant: string): void {
  const { measured, used } = choicesOf(device);
  measured.set(key, variant);
  used.delete(key);
}

/** Which variants compute `body`, by problem, for a later process that must get the same bits. `body` is traced and not run. */
export function exportChoices(device: Device, body: () => void): Record<string, string> {
  const choices = choicesOf(device);
  const noted = new Map<string, string>();
  choices.noted = noted;
  try {
    device.trace(body);
  } finally {
    choices.noted = null;
  }
  return Object.fromEntries(noted);
}

/**
 * Takes over the choices of {@link exportChoices}; tuning leaves them as they are.
 *
 * @returns the problems whose operation or variant does not exist here, and for which nothing is decided
 */
export function importChoices(device: Device, choices: Readonly<Record<string, string>>): string[] {
  const unknown: string[] = [];
  for (const [key, variant] of Object.entries(choices)) {
    const operation = operations.find(({ name }) => key.startsWith(`${name} `));
    if (operation?.variants.some(({ name }) => name === variant)) decide(device, key, variant);
    else unknown.push(key);
  }
  return unknown;
}

function choicesOf(device: Device): Choices {
  let choices = all.get(device);
  if (!choices) {
    const fromEnvironment = parse(device.environment.CYCLOPS_VARIANT ?? '');
    choices = { forced: new Map(fromEnvironment), measured: new Map(), used: new Map(), visit: null, noted: null };
    all.set(device, choices);
  }
  return choices;
}

/** Pairs of an operation and one of its variants. */
function parse(text: string): [string, string][] {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return pairs.map((pair) => {
    const [operationName = '', variantName, ...more] = pair.split('=').map((part) => part.trim());
    if (variantName === undefined || more.length > 0) {
      throw new CyclopsError(`A variant is forced as OPERATION=VARIANT, e.g. conv2d.forward=naive; got '${pair}'.`);
    }
    const operation = operations.find(({ name }) => name === operationName);
    if (!operation) {
      const names = operations.map(({ name }) => name).join(', ');
      throw new CyclopsError(`There is no operation '${operationName}' with variants; expected one of ${names}.`);
    }
    if (!operation.variants.some(({ name }) => name === variantName)) {
      const names = operation.variants.map(({ name }) => name).join(', ');
      throw new CyclopsError(`${operationName} has no variant '${variantName}'; expected one of ${names}.`);
    }
    return [operationName, variantName];
  });
}
