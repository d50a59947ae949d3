import type { Tensor } from './tensor.ts';

const scopes: Set<Tensor>[] = [];

/** Notes a new tensor in the innermost scope. */
export function register(tensor: Tensor): void {
  scopes.at(-1)?.add(tensor);
}

/** What a scope may return: tensors, alone or in arrays and records, which then belong to the scope around it. */
export type Scoped = Tensor | readonly Scoped[] | { readonly [name: string]: Scoped } | undefined | null;

/** Runs `body`, then frees every tensor it made except those it returns and those it passed to {@link keep}. */
export function scope<T extends Scoped>(body: () => T): T;
export function scope(body: () => void): void;
export function scope<T extends Scoped>(body: () => T): T {
  const made = new Set<Tensor>();
  scopes.push(made);
  try {
    const result = body();
    for (const tensor of tensorsIn(result)) if (made.delete(tensor)) scopes.at(-2)?.add(tensor);
    return result;
  } finally {
    scopes.pop();
    for (const tensor of made) tensor.dispose();
  }
}

/** Lets a tensor outlive every scope; it lives until `dispose()`. */
export function keep<T extends Tensor>(tensor: T): T {
  for (const made of scopes) made.delete(tensor);
  return tensor;
}

function* tensorsIn(value: Scoped): Generator<Tensor> {
  if (value === undefined || value === null) return;
  if (isTensor(value)) yield value;
  else for (const part of Object.values(value)) yield* tensorsIn(part);
}

function isTensor(value: object): value is Tensor {
  return 'dispose' in value;
}
