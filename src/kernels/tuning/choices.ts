/** Which variant of an operation computes a problem: one forced by name, else one that was measured, else the default. */
import type { Device } from '../../gpu/device.ts';
import { CyclopsError } from '../../gpu/errors.ts';
import {
  type Operation,
  type OperationInfo,
  supportedVariants,
  type Variant,
  type VariantInfo,
  variantNamed,
} from '../variant.ts';
import { operationNamed, operations } from './operations.ts';
import { noteTakenOver } from './taken-over.ts';

/** What is decided for a device. Variants stand here by their names. */
interface Choices {
  /** By operation. */
  forced: ReadonlyMap<string, string>;
  /** By problem, from measurements or from outside. */
  readonly measured: Map<string, string>;
  /** By problem: what was chosen before. It is used again without asking, until something is decided anew. */
  readonly used: Map<string, string>;
  /** While {@link watchWhile} traces a body. */
  watch: Watch | null;
}

/** Told of a problem: its key, which names it, and whether a variant is forced or measured for it already. */
type Visit = <Problem, Args>(
  key: string,
  operation: Operation<Problem, Args>,
  problem: Problem,
  decided: boolean,
) => void;

/** Told of every problem, and of the variant that computes it. */
type Watch = <Problem, Args>(seen: Seen<Problem, Args>) => void;

interface Seen<Problem, Args> {
  readonly key: string;
  readonly operation: Operation<Problem, Args>;
  readonly problem: Problem;
  /** By name. */
  readonly variant: string;
  /** Whether the variant was forced or measured; else it is the default. */
  readonly decided: boolean;
}

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
  const { forced, measured, used, watch } = choicesOf(device);
  const key = `${operation.name} ${operation.describe(problem)}`;
  const before = used.get(key);
  const again = operation.variants.find(({ name }) => name === before);
  if (again && !watch) return again;

  const supported = supportedVariants(device, operation, problem);
  const named = (wanted: string | undefined) => supported.find(({ name }) => name === wanted);
  const decided = named(forced.get(operation.name)) ?? named(measured.get(key));
  const chosen = decided ?? supported[0];
  if (!chosen)
    throw new Error(`No variant of ${operation.name} supports ${operation.describe(problem)}; the last must.`);
  if (watch) watch({ key, operation, problem, variant: chosen.name, decided: decided !== undefined });
  else used.set(key, chosen.name);
  return chosen;
}

/**
 * Forces variants by name, `operation=variant` or several with commas between them, instead of those that an earlier call forced. They win over what
 * the environment variable CYCLOPS_VARIANT forces in the same form, and that wins over measurements. A problem that a forced
 * variant does not support is computed by another.
 *
 * @throws CyclopsError for a text of another form and for an operation or a variant that does not exist, also in CYCLOPS_VARIANT
 */
export function forceVariants(device: Device, texts: readonly string[]): void {
  const choices = choicesOf(device);
  choices.forced = new Map([...forcedByEnvironment(device), ...namesOf(texts.flatMap(parseVariants))]);
  choices.used.clear();
}

/** Whether a variant of an operation is forced. */
export function isForced(device: Device, { name }: OperationInfo): boolean {
  return choicesOf(device).forced.has(name);
}

/** Forces on a device what is forced on another, which it stands for. */
export function forceAlike(device: Device, other: Device): void {
  choicesOf(device).forced = choicesOf(other).forced;
}

/** Traces `body` without running it and shows every problem in it that has variants, once each. */
export function visitProblems(device: Device, body: () => void, visit: Visit): void {
  const seen = new Set<string>();
  watchWhile(device, body, ({ key, operation, problem, decided }) => {
    if (!seen.has(key)) visit(key, operation, problem, decided);
    seen.add(key);
  });
}

/** Notes the variant that was found to be best for a problem. */
export function decide(device: Device, key: string, variant: string): void {
  const { measured, used } = choicesOf(device);
  measured.set(key, variant);
  used.delete(key);
}

/** Which variants compute `body`, by problem, for a later process that must get the same bits. `body` is traced and not run. */
export function exportChoices(device: Device, body: () => void): Record<string, string> {
  const choices: Record<string, string> = {};
  watchWhile(device, body, ({ key, variant }) => {
    choices[key] = variant;
  });
  return choices;
}

/**
 * Takes over the choices of {@link exportChoices}; tuning leaves them as they are.
 *
 * @returns the problems whose operation or variant does not exist here, and for which nothing is decided
 */
export function importChoices(device: Device, choices: Readonly<Record<string, string>>): string[] {
  const unknown: string[] = [];
  const used: string[] = [];
  for (const [key, variant] of Object.entries(choices)) {
    const operation = operations.find(({ name }) => key.startsWith(`${name} `));
    if (operation) used.push(operation.name);
    if (operation?.variants.some(({ name }) => name === variant)) decide(device, key, variant);
    else unknown.push(key);
  }
  noteTakenOver(device, used);
  return unknown;
}

/**
 * Decides that what `body` does is computed by the variants that `like` is, which does the same with batches of another size: problem by
 * problem in their order, so that an entry of a batch gets the same bits in both. Both are traced, not run.
 */
export function adoptChoices(device: Device, like: () => void, body: () => void): void {
  const variants: string[] = [];
  watchWhile(device, like, ({ variant }) => variants.push(variant));
  const keys: string[] = [];
  watchWhile(device, body, ({ key }) => keys.push(key));
  if (keys.length !== variants.length)
    throw new Error(`Work that should be alike has ${variants.length} and ${keys.length} problems.`);
  for (const [i, key] of keys.entries()) decide(device, key, variants[i] ?? '');
}

function watchWhile(device: Device, body: () => void, watch: Watch): void {
  const choices = choicesOf(device);
  choices.watch = watch;
  try {
    device.trace(body);
  } finally {
    choices.watch = null;
  }
}

function choicesOf(device: Device): Choices {
  let choices = all.get(device);
  if (!choices) {
    choices = { forced: forcedByEnvironment(device), measured: new Map(), used: new Map(), watch: null };
    all.set(device, choices);
  }
  return choices;
}

function forcedByEnvironment({ environment }: Device): Map<string, string> {
  try {
    return namesOf(parseVariants(environment.CYCLOPS_VARIANT ?? ''));
  } catch (error) {
    if (error instanceof CyclopsError) throw new CyclopsError(`CYCLOPS_VARIANT: ${error.message}`);
    throw error;
  }
}

/** A variant, and of what. */
export interface NamedVariant {
  readonly operation: OperationInfo;
  readonly variant: VariantInfo;
}

/**
 * Reads `operation=variant`, several with commas between them.
 *
 * @throws CyclopsError for a text of another form and for an operation or a variant that does not exist
 */
export function parseVariants(text: string): NamedVariant[] {
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  return pairs.map((pair) => {
    const [operationName = '', variantName, ...more] = pair.split('=').map((part) => part.trim());
    if (variantName === undefined || more.length > 0) {
      throw new CyclopsError(`expected OPERATION=VARIANT, e.g. conv2d.forward=naive; got '${pair}'.`);
    }
    const operation = operationNamed(operationName);
    return { operation, variant: variantNamed(operation, variantName) };
  });
}

/** Variants by the name of their operation. */
function namesOf(variants: readonly NamedVariant[]): Map<string, string> {
  return new Map(variants.map(({ operation, variant }) => [operation.name, variant.name]));
}
