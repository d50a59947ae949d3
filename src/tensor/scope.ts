import { shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { runSynchronously } from '../gpu/synchronous.ts';

/** What a scope frees: a tensor, or whatever else holds memory until it is disposed of. */
export interface Disposable {
  dispose(): void;
}

const scopes: Set<Disposable>[] = [];

/** Notes a new tensor in the innermost scope. */
export function register(tensor: Disposable): void {
  scopes.at(-1)?.add(tensor);
}

/** What a scope may return: tensors, alone or in arrays and records, which then belong to the scope around it. */
export type Scoped = Disposable | readonly Scoped[] | { readonly [name: string]: Scoped } | undefined | null;

/**
 * Runs `body`, then frees every tensor it made except those it returns and those it passed to {@link keep}.
 *
 * @throws CyclopsError when it returns a promise
 */
export function scope<T extends Scoped>(body: () => T): T;
export function scope(body: () => void): void;
export function scope<T extends Scoped>(body: () => T): T {
  const made = new Set<Disposable>();
  scopes.push(made);
  try {
    const result = runSynchronously('scope', body);
    for (const tensor of tensorsIn(result)) if (made.delete(tensor)) scopes.at(-2)?.add(tensor);
    return result;
  } finally {
    scopes.pop();
    for (const tensor of made) tensor.dispose();
  }
}

/** Lets a tensor outlive every scope; it lives until `dispose()`. @throws CyclopsError for what cannot be disposed of */
export function keep<T extends Disposable>(tensor: T): T {
  if (typeof tensor?.dispose !== 'function') {
    throw new CyclopsError(`keep takes a tensor, or what else has a dispose(); got ${shown(tensor)}.`);
  }
  for (const made of scopes) made.delete(tensor);
  return tensor;
}

/** A body that is called for its effect may return anything, such as a number. */
function* tensorsIn(value: unknown, seen = new Set<object>()): Generator<Disposable> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return;
  seen.add(value);
  if (isDisposable(value)) yield value;
  else for (const part of Object.values(value)) yield* tensorsIn(part, seen);
}

function isDisposable(value: object): value is Disposable {
  return 'dispose' in value && typeof value.dispose === 'function';
}
