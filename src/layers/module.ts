import { requireFlag, requireText, shown } from '../gpu/arguments.ts';
import { CyclopsError } from '../gpu/errors.ts';
import { keep } from '../tensor/scope.ts';
import { requireTensor } from '../tensor/shape.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { fromReferenceLayout, referenceShape, type StateTensor, toReferenceLayout } from './layout.ts';

/** Weights by name, in the reference's names, shapes and order of axes. */
export type StateDict = Map<string, StateTensor<Float32Array<ArrayBuffer>>>;

/**
 * A part of a network: it owns parameters, buffers and other modules, each under a name. A parameter's full name is the path to
 * it, joined by dots, as in the reference's state_dict: `model.10.conv_block.1.weight`.
 */
export abstract class Module {
  private readonly ownParameters = new Map<string, Tensor>();
  /** State that is not trained. */
  private readonly ownBuffers = new Map<string, Tensor>();
  private readonly ownUnused = new Set<string>();
  private readonly children = new Map<string, Module>();
  /** Whether what differs between training and use, such as a batch norm, is in training. */
  training = true;

  abstract forward(x: Tensor): Tensor;

  /**
   * Makes `tensor` a trainable parameter of this module; it lives until the module's `dispose()`.
   *
   * @throws CyclopsError when the module has a parameter of that name
   */
  protected addParameter(name: string, tensor: Tensor): Tensor {
    requireFree('parameter', name, this.ownParameters);
    requireTensor(`A parameter '${name}'`, tensor);
    tensor.requiresGrad = true;
    this.ownParameters.set(name, keep(tensor));
    return tensor;
  }

  /**
   * Makes `tensor` a part of this module's state that no optimiser trains, such as a running mean; it lives until the module's `dispose()`.
   *
   * @throws CyclopsError when the module has a buffer of that name
   */
  protected addBuffer(name: string, tensor: Tensor): Tensor {
    requireFree('buffer', name, this.ownBuffers);
    requireTensor(`A buffer '${name}'`, tensor);
    this.ownBuffers.set(name, keep(tensor));
    return tensor;
  }

  /** A name of the reference's state that has no effect here: state dicts may hold it, and it is not kept. */
  protected acceptUnused(name: string): void {
    this.ownUnused.add(name);
  }

  /**
   * Makes `module` a part of this one. Its name may itself be a path, where the reference nests deeper.
   *
   * @throws CyclopsError when this module has a part of that name
   */
  protected addModule<M extends Module>(name: string, module: M): M {
    requireFree('part', name, this.children);
    if (!(module instanceof Module))
      throw new CyclopsError(`The part ${shown(name)} must be a Module; got ${shown(module)}.`);
    this.children.set(name, module);
    return module;
  }

  /** Every parameter with its full name, in the reference's order. */
  *namedParameters(prefix = ''): Generator<[name: string, parameter: Tensor]> {
    requireText('namedParameters', 'prefix', prefix);
    for (const [name, parameter] of this.ownParameters) yield [prefix + name, parameter];
    for (const [name, child] of this.children) yield* child.namedParameters(`${prefix}${name}.`);
  }

  parameters(): Tensor[] {
    return [...this.namedParameters()].map(([, parameter]) => parameter);
  }

  /** Every parameter and buffer with its full name, in the reference's order. */
  *namedState(prefix = ''): Generator<[name: string, tensor: Tensor]> {
    requireText('namedState', 'prefix', prefix);
    for (const [name, tensor] of [...this.ownParameters, ...this.ownBuffers]) yield [prefix + name, tensor];
    for (const [name, child] of this.children) yield* child.namedState(`${prefix}${name}.`);
  }

  private *unusedNames(prefix = ''): Generator<string> {
    for (const name of this.ownUnused) yield prefix + name;
    for (const [name, child] of this.children) yield* child.unusedNames(`${prefix}${name}.`);
  }

  /** Puts the module and its parts into training (true), or out of it, as `eval`. */
  train(mode = true): this {
    requireFlag('train', 'mode', mode);
    this.training = mode;
    for (const child of this.children.values()) child.train(mode);
    return this;
  }

  /** Takes the module and its parts out of training. */
  eval(): this {
    return this.train(false);
  }

  /** Freezes (false) or thaws (true) all parameters. A gradient still flows through a frozen module to its input. */
  setRequiresGrad(flag: boolean): void {
    requireFlag('setRequiresGrad', 'flag', flag ?? null);
    for (const parameter of this.parameters()) parameter.requiresGrad = flag;
  }

  /** All parameters and buffers as they are now, in the reference's names and shapes. */
  async stateDict(): Promise<StateDict> {
    const dict: StateDict = new Map();
    for (const [name, parameter] of this.namedState()) {
      dict.set(name, toReferenceLayout(await parameter.data(), parameter.shape));
    }
    return dict;
  }

  /**
   * Replaces all parameters and buffers. Everything is checked before anything is replaced.
   *
   * @param dict every parameter and buffer of this module and nothing else, in the reference's names and shapes
   * @param source the file's path or another name of the dict, for messages
   * @throws CyclopsError naming the tensor when one is missing, unexpected, of another shape or number of values, or holds what is
   * not finite in f32
   */
  loadStateDict(dict: ReadonlyMap<string, StateTensor<ArrayLike<number>>>, source: string): void {
    if (typeof source !== 'string')
      throw new CyclopsError(`A state dict has a source for messages; got ${shown(source)}.`);
    requireTensors(source, dict);
    const parameters = new Map(this.namedState());
    const unused = new Set(this.unusedNames());
    const unexpected = [...dict.keys()].filter((name) => !parameters.has(name) && !unused.has(name));
    const missing = [...parameters.keys()].filter((name) => !dict.has(name));
    if (missing.length > 0 || unexpected.length > 0) throw otherNames(source, missing, unexpected, parameters.size);
    for (const [name, stored] of dict) {
      const parameter = parameters.get(name);
      if (parameter) check(`${source}: tensor '${name}'`, stored, referenceShape(parameter.shape));
    }
    for (const [name, parameter] of parameters) {
      const stored = dict.get(name);
      if (stored) parameter.upload(fromReferenceLayout(stored.data, stored.shape));
    }
  }

  /** Frees all parameters, their gradients and all buffers. */
  dispose(): void {
    for (const [, tensor] of this.namedState()) tensor.dispose();
  }
}

function requireFree(what: string, name: string, taken: ReadonlyMap<string, unknown>): void {
  if (typeof name !== 'string') throw new CyclopsError(`A ${what} of a module has a name; got ${shown(name)}.`);
  if (taken.has(name))
    throw new CyclopsError(`A module has a ${what} ${shown(name)} already. Give each a name of its own.`);
}

function otherNames(source: string, missing: string[], unexpected: string[], count: number): CyclopsError {
  const lacks = missing.length > 0 ? ` It lacks ${listed(missing)}.` : '';
  const adds = unexpected.length > 0 ? ` It holds ${listed(unexpected)}, which this network does not have.` : '';
  return new CyclopsError(
    `${source} does not fit this network, which has ${count} tensors.${lacks}${adds} ` +
      'Use weights of the same architecture: the same kind of network and number of blocks or layers.',
  );
}

function listed(names: string[]): string {
  const shown = names.slice(0, 3).map((name) => `'${name}'`);
  return shown.join(', ') + (names.length > shown.length ? ` and ${names.length - shown.length} more` : '');
}

function requireTensors(source: string, dict: ReadonlyMap<string, StateTensor<ArrayLike<number>>>): void {
  if (!(dict instanceof Map)) {
    throw new CyclopsError(`${source} must be a Map of tensors by name; got ${shown(dict)}.`);
  }
  for (const [name, stored] of dict) {
    if (Array.isArray(stored?.shape) && typeof stored.data?.length === 'number') continue;
    throw new CyclopsError(`${source}: ${shown(name)} must have a shape and data; got ${shown(stored)}.`);
  }
}

function check(what: string, { shape, data }: StateTensor<ArrayLike<number>>, expected: readonly number[]): void {
  if (expected.length !== shape.length || expected.some((extent, axis) => extent !== shape[axis])) {
    throw new CyclopsError(
      `${what} has the shape [${shape.join(', ')}], expected [${expected.join(', ')}]. ` +
        'Use weights of the same architecture: the same number of channels, filters and blocks.',
    );
  }
  const count = expected.reduce((product, extent) => product * extent, 1);
  if (data.length !== count) {
    throw new CyclopsError(`${what} holds ${data.length} values, expected ${count} for [${expected.join(', ')}].`);
  }
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(Math.fround(data[i] ?? Number.NaN))) continue;
    throw new CyclopsError(
      `${what} holds ${data[i]} at position ${i}, expected finite numbers. ` +
        'The training that wrote it diverged or the file is damaged; use an earlier checkpoint.',
    );
  }
}
