import { CyclopsError } from '../../../gpu/errors.ts';
import { quoted } from '../brief.ts';
import { type FloatElement, floatBytes, toFloat32 } from '../elements.ts';
import type { ByteSource } from '../file-bytes.ts';
import { Dict, type PickleWorld, Tuple, unpickle } from './pickle.ts';
import { damagedTorch, ZipArchive } from './zip.ts';

/** Weights that were read from a file: floats of every width in f32. */
export interface StateDictFile {
  tensors: Map<string, { shape: readonly number[]; data: Float32Array<ArrayBuffer> }>;
  /** What was left out, and what it is: integers, complex numbers. */
  skipped: Map<string, string>;
}

/** The storages of PyTorch: what an element is called in safetensors, and how many bytes it has. */
const STORAGES: Readonly<Record<string, { element: FloatElement | null; bytes: number }>> = {
  ...Object.fromEntries(
    Object.entries({ Double: 'F64', Float: 'F32', Half: 'F16', BFloat16: 'BF16' } as const).map(([name, element]) => [
      `torch.${name}Storage`,
      { element, bytes: floatBytes(element) },
    ]),
  ),
  'torch.LongStorage': { element: null, bytes: 8 },
  'torch.IntStorage': { element: null, bytes: 4 },
  'torch.ShortStorage': { element: null, bytes: 2 },
  'torch.CharStorage': { element: null, bytes: 1 },
  'torch.ByteStorage': { element: null, bytes: 1 },
  'torch.BoolStorage': { element: null, bytes: 1 },
  'torch.ComplexFloatStorage': { element: null, bytes: 8 },
  'torch.ComplexDoubleStorage': { element: null, bytes: 16 },
};

/** Functions that a state dict calls, by name. */
const ORDERED_DICT = 'collections.OrderedDict';
const REBUILD_TENSORS = ['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_tensor'];
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
const FUNCTIONS = [ORDERED_DICT, ...REBUILD_TENSORS, REBUILD_PARAMETER];

/**
 * The longest pickle in bytes, some times that of the largest network here, which has 250 for each of 140 tensors. A byte of it can take
 * two hundred of memory.
 */
const LONGEST_PICKLE = 2 ** 18;
/** Several times that of the widest layer that a network here may have. */
const LARGEST_STORAGE = 2 ** 31 - 1;
const MOST_AXES = 64;

const ZIP_MAGIC = [0x50, 0x4b];
/** The pickled number that the format of before PyTorch 1.6 begins with. */
const LEGACY_MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];
/** Where a tar archive, the format of before PyTorch 0.1.10, says what it is. */
const TAR_MAGIC = { at: 257, bytes: [0x75, 0x73, 0x74, 0x61, 0x72] };

/** A global of Python that a state dict may name. */
class Global {
  constructor(readonly name: string) {}
}

/** Elements that lie in an entry of the archive. */
class Storage {
  constructor(
    readonly entry: string,
    readonly kind: string,
    readonly element: FloatElement | null,
    readonly count: number,
  ) {}
}

/** A tensor: element [i, j, …] is that at offset + i · strides[0] + j · strides[1] + … of its storage. */
class TensorView {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}

  get count(): number {
    return this.shape.reduce((product, extent) => product * extent, 1);
  }
}

/**
 * Reads a state dict that `torch.save` wrote. The pickle in it is a program, of which nothing is run but what builds tensors; what names
 * anything else is refused by that name. Every size, stride and offset is checked before memory is taken, and storages are read one by one.
 *
 * @throws CyclopsError when the file is damaged, holds something else, or is of the formats from before PyTorch 1.6
 */
export function readStateDict(bytes: ByteSource): StateDictFile {
  requireFormat(bytes);
  const archive = new ZipArchive(bytes);
  const root = rootOf(archive, bytes.name);
  if (archive.sizeOf(`${root}byteorder`) !== null) requireLittleEndian(archive, `${root}byteorder`, bytes.name);
  const pickle = `${root}data.pkl`;
  if ((archive.sizeOf(pickle) ?? 0) > LONGEST_PICKLE)
    throw damagedTorch(
      bytes.name,
      `its pickle has ${archive.sizeOf(pickle)} bytes, and a network here needs at most ${LONGEST_PICKLE}`,
    );
  const world = new TorchWorld(archive, root, bytes.name);
  const dict = unpickle(archive.read(pickle), world, `${bytes.name} (${pickle})`);
  const views = namedTensors(dict, bytes.name);
  requireHonest(views, bytes);
  return readTensors(views, archive);
}

/** What PyTorch's pickles of state dicts may name. */
class TorchWorld implements PickleWorld {
  /** One object for each entry, so that its elements are read once. */
  private readonly storages = new Map<string, Storage>();

  constructor(
    private readonly archive: ZipArchive,
    private readonly root: string,
    private readonly file: string,
  ) {}

  global(name: string): unknown {
    if (FUNCTIONS.includes(name) || Object.hasOwn(STORAGES, name)) return new Global(name);
    throw new CyclopsError(
      `${this.file}: the file wants to use ${quoted(name)}, which no state dict of weights needs. Nothing in it was run. If you trust who made ` +
        'it, load it with PyTorch and write the weights alone: torch.save(net.state_dict(), path).',
    );
  }

  call(callable: unknown, args: readonly unknown[]): unknown {
    const name = callable instanceof Global ? callable.name : null;
    if (name === ORDERED_DICT && args.length === 0) return new Dict();
    // A parameter is a tensor with what training needs.
    if (name === REBUILD_PARAMETER && args[0] instanceof TensorView) return args[0];
    if (name !== null && REBUILD_TENSORS.includes(name)) return this.tensor(args);
    throw damagedTorch(
      this.file,
      `it calls ${name === null ? 'what is no function' : quoted(name)} with what does not fit`,
    );
  }

  persistent(id: unknown): unknown {
    const [what, type, key, , count] = id instanceof Tuple ? id.items : [];
    const kind = type instanceof Global ? type.name : '';
    const form = Object.hasOwn(STORAGES, kind) ? STORAGES[kind] : undefined;
    if (what !== 'storage' || !form || typeof key !== 'string' || !isCount(count))
      throw damagedTorch(this.file, 'it speaks of something outside of its pickle that is no storage');
    const known = this.storages.get(key);
    if (known?.kind === kind && known.count === count) return known;
    if (known) throw damagedTorch(this.file, `it speaks of storage ${quoted(key)} as of two kinds or sizes`);
    const entry = `${this.root}data/${key}`;
    const size = this.archive.sizeOf(entry);
    if (size !== count * form.bytes) {
      const there = size === null ? 'is missing' : `has ${size} bytes`;
      throw damagedTorch(this.file, `storage ${quoted(key)} of ${count} elements of ${form.bytes} bytes ${there}`);
    }
    if (size > LARGEST_STORAGE)
      throw new CyclopsError(
        `${this.file}: storage ${quoted(key)} has ${size} bytes; expected at most ${LARGEST_STORAGE} for a layer of weights.`,
      );
    const storage = new Storage(entry, kind, form.element, count);
    this.storages.set(key, storage);
    return storage;
  }

  private tensor([storage, offset, size, stride]: readonly unknown[]): TensorView {
    const shape = countsIn(size);
    const strides = countsIn(stride);
    if (!(storage instanceof Storage) || !isCount(offset) || !shape || !strides || shape.length !== strides.length)
      throw damagedTorch(this.file, 'it makes a tensor of something else than storage, offset, sizes and strides');
    const view = new TensorView(storage, offset, shape, strides);
    const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * (strides[axis] ?? 0), offset);
    if (!Number.isSafeInteger(view.count) || (view.count > 0 && !(last < view.storage.count)))
      throw damagedTorch(
        this.file,
        `a tensor of shape [${shape.slice(0, 8)}] reaches beyond its storage of ${view.storage.count} elements`,
      );
    return view;
  }
}

/** The tensors of a dict by name. @throws CyclopsError when it is something else, with what it holds instead */
function namedTensors(dict: unknown, file: string): Map<string, TensorView> {
  if (!(dict instanceof Dict)) throw noStateDict(file, 'it holds no dict');
  const tensors = new Map<string, TensorView>();
  for (const [name, value] of dict.entries) {
    if (typeof name !== 'string') throw noStateDict(file, 'its keys are no texts');
    if (!(value instanceof TensorView)) throw noStateDict(file, `${quoted(name)} in it is no tensor`);
    tensors.set(name, value);
  }
  return tensors;
}

function noStateDict(file: string, reason: string): CyclopsError {
  return new CyclopsError(
    `${file} is no state dict: names with a tensor each were expected, and ${reason}. Write the weights of one network alone: ` +
      'torch.save(net.state_dict(), path).',
  );
}

/**
 * Strides of 0 and shared storages make many elements of few. Weights have at most some tensors twice.
 *
 * @throws CyclopsError when there are more numbers than the file has bytes
 */
function requireHonest(views: ReadonlyMap<string, TensorView>, { name, size }: ByteSource): void {
  const count = [...views.values()].reduce((sum, view) => sum + view.count, 0);
  if (count > size) throw damagedTorch(name, `its tensors claim ${count} numbers, of a file of ${size} bytes`);
}

function readTensors(views: ReadonlyMap<string, TensorView>, archive: ZipArchive): StateDictFile {
  const byStorage = new Map<Storage, [string, TensorView][]>();
  for (const [name, view] of views) {
    const own = byStorage.get(view.storage) ?? [];
    own.push([name, view]);
    byStorage.set(view.storage, own);
  }
  const read = new Map<string, Float32Array<ArrayBuffer>>();
  for (const [{ entry, element }, own] of byStorage) {
    if (!element) continue;
    const elements = toFloat32(archive.read(entry), element);
    for (const [name, view] of own) read.set(name, gather(elements, view));
  }
  // In the order of the dict.
  const file: StateDictFile = { tensors: new Map(), skipped: new Map() };
  for (const [name, { shape, storage }] of views) {
    const data = read.get(name);
    if (data) file.tensors.set(name, { shape, data });
    else file.skipped.set(name, storage.kind);
  }
  return file;
}

/** The elements of a view, row-major. */
function gather(
  elements: Float32Array<ArrayBuffer>,
  { offset, shape, strides, count }: TensorView,
): Float32Array<ArrayBuffer> {
  const contiguous = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, extent) => product * extent, 1));
  // An axis of one element has no steps, and PyTorch notes anything for its stride.
  if (shape.every((extent, axis) => extent === 1 || strides[axis] === contiguous[axis]))
    return elements.slice(offset, offset + count);
  const out = new Float32Array(count);
  const index = shape.map(() => 0);
  let from = offset;
  for (let i = 0; i < count; i++) {
    out[i] = elements[from] ?? Number.NaN;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [next, stride] = [(index[axis] ?? 0) + 1, strides[axis] ?? 0];
      from += stride;
      if (next < (shape[axis] ?? 0)) {
        index[axis] = next;
        break;
      }
      index[axis] = 0;
      from -= next * stride;
    }
  }
  return out;
}

function requireFormat(bytes: ByteSource): void {
  const { name } = bytes;
  const starts = (magic: readonly number[], at = 0) =>
    bytes.size >= at + magic.length && bytes.read(at, magic.length).every((byte, i) => byte === magic[i]);
  if (starts(ZIP_MAGIC)) return;
  if (starts(LEGACY_MAGIC) || starts(TAR_MAGIC.bytes, TAR_MAGIC.at)) {
    throw new CyclopsError(
      `${name} has the format that PyTorch wrote before version 1.6, or with _use_new_zipfile_serialization=False. Load it with PyTorch, ` +
        `and write it again: torch.save(torch.load(path, map_location='cpu'), path).`,
    );
  }
  throw damagedTorch(name, 'it does not begin as one');
}

/** The folder in the archive that all entries are in, with its slash. @throws CyclopsError when there is none */
function rootOf(archive: ZipArchive, file: string): string {
  const roots = archive.names.flatMap((name) => /^([^/]*\/)data\.pkl$/.exec(name)?.[1] ?? []);
  const [root, ...others] = roots;
  if (root === undefined || others.length > 0) throw damagedTorch(file, 'it holds no data.pkl, or several');
  if (archive.names.includes(`${root}constants.pkl`)) {
    throw new CyclopsError(
      `${file} is a program of TorchScript. Write the weights alone: torch.save(torch.jit.load(path).state_dict(), other_path).`,
    );
  }
  return root;
}

function requireLittleEndian(archive: ZipArchive, entry: string, file: string): void {
  const order = archive.sizeOf(entry) === 6 ? new TextDecoder().decode(archive.read(entry)) : '';
  if (order === 'little') return;
  throw new CyclopsError(
    `${file} was written on a big-endian machine. Load it with PyTorch on a usual one, and write it again with torch.save.`,
  );
}

function countsIn(value: unknown): readonly number[] | null {
  return value instanceof Tuple && value.items.length <= MOST_AXES && value.items.every(isCount) ? value.items : null;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
