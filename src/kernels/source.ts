/** Kernels from WGSL text: this package's own, that of files elsewhere, which Node reads, and that of a program. */
import { CyclopsError } from '../gpu/errors.ts';
import type { Kernel } from '../gpu/launch.ts';
import { type Expanded, expandIncludes } from './include.ts';
import { TEXTS } from './texts.ts';

/** The place of a file: a global `URL`, such as `new URL('./mine.wgsl', import.meta.url)`, is one. */
export interface FileUrl {
  readonly href: string;
  readonly pathname: string;
}

/** The text of a kernel from outside the package, for pages, which read no files. It may include this package's parts. */
export interface NamedText {
  /** For messages. */
  readonly name: string;
  readonly text: string;
}

/** A kernel's name, for `wgsl/<name>.wgsl`, the URL of a .wgsl file elsewhere, or its text. */
export type KernelSource = string | FileUrl | NamedText;

/** The dtypes of a kernel's tensors. It computes in f32 either way. */
export const FLOAT_DTYPES = ['f32', 'f16'] as const;
export type FloatDType = (typeof FLOAT_DTYPES)[number];

/** Bytes of a number. */
export const DTYPE_BYTES: Readonly<Record<FloatDType, number>> = { f32: 4, f16: 2 };

/** Changes to a kernel's text, for what `override` constants cannot express. */
export interface Specialisation {
  /** That of the tensors, for kernels that include parts/dtype.wgsl; f32 unless told otherwise. */
  readonly dtype?: FloatDType;
  /** By the name of an included file: the file that is included in its place. */
  readonly instead?: Readonly<Record<string, string>>;
  /** By name: values that replace those of the lines `const NAME = …;`. */
  readonly sizes?: Readonly<Record<string, number>>;
}

/** What is included in place of other parts when tensors are f16, … */
export const DTYPE_F16: Readonly<Record<string, string>> = { 'parts/dtype.wgsl': 'parts/dtype-f16.wgsl' };

/** … when an invocation handles four channels, … */
export const VEC4: Readonly<Record<string, string>> = { 'images/parts/value.wgsl': 'images/parts/value-vec4.wgsl' };

/** … when stored levels are floats, … */
export const F32_LEVELS: Readonly<Record<string, string>> = {
  'images/parts/level.wgsl': 'images/parts/level-f32.wgsl',
};

/** … when 16 lanes compute in step instead of 8, … */
export const LANES_16: Readonly<Record<string, string>> = {
  'matmul/parts/lanes.wgsl': 'matmul/parts/lanes-16.wgsl',
  'matmul/parts/lanes-dot.wgsl': 'matmul/parts/lanes-dot-16.wgsl',
  'matmul/parts/lanes-multiply.wgsl': 'matmul/parts/lanes-multiply-16.wgsl',
  'matmul/parts/lanes-multiply-depth-first.wgsl': 'matmul/parts/lanes-multiply-depth-first-16.wgsl',
};

/** … when rows of results are whole eights, … */
export const EIGHTS: Readonly<Record<string, string>> = {
  'conv2d/parts/matrix-put.wgsl': 'conv2d/parts/matrix-put-eights.wgsl',
  'conv2d/parts/put-f32.wgsl': 'conv2d/parts/put-f32-eights.wgsl',
};

/** … when Winograd's transform takes tiles of 4 × 4 outputs, … */
export const WINOGRAD_4X4: Readonly<Record<string, string>> = {
  'winograd/parts/form.wgsl': 'winograd/parts/form-4x4.wgsl',
};

/** … when what matrices multiply is staged eight numbers at a time, … */
export const WIDE: Readonly<Record<string, string>> = {
  'conv2d/parts/matrix-slabs.wgsl': 'conv2d/parts/matrix-slabs-wide.wgsl',
};

/** … and when matrices multiply f32 numbers that are split into two of f16. */
export const SPLIT: Readonly<Record<string, string>> = {
  'conv2d/parts/matrix-operands.wgsl': 'conv2d/parts/matrix-operands-split.wgsl',
  'conv2d/parts/matrix-sums.wgsl': 'conv2d/parts/matrix-sums-split.wgsl',
  'conv2d/parts/matrix-multiply.wgsl': 'conv2d/parts/matrix-multiply-split.wgsl',
  'conv2d/parts/matrix-write.wgsl': 'conv2d/parts/matrix-write-split.wgsl',
};

const BINDING = /@group\(0\)\s*@binding\((\d+)\)\s*var\s*<\s*storage\s*(?:,\s*(read_write|read))?\s*>/g;

const expanded = new Map<string, Expanded>();
const defined = new Map<string, Kernel>();

/**
 * The kernel of a WGSL file with its includes in place, ready to be launched. The same arguments give the same object, so that its
 * pipeline is found again.
 *
 * @param constants values for its `override` constants
 * @param specialisation what else changes in its text
 *
 * @throws CyclopsError when the file or one that it includes does not exist
 */
export function kernel(
  source: KernelSource,
  constants: Record<string, number> = {},
  specialisation: Specialisation = {},
): Kernel {
  const key = `${addressOf(source)} ${JSON.stringify(constants)} ${JSON.stringify(specialisation)}`;
  let found = defined.get(key);
  if (!found) {
    const name = nameOf(source);
    const { code, lines } = load(source, insteadOf(specialisation));
    found = { name, code: resized(code, specialisation.sizes), lines, access: accessOf(code), constants };
    defined.set(key, found);
  }
  return found;
}

/**
 * The text of a kernel with its includes, as the device sees it.
 *
 * @throws CyclopsError when the file or one that it includes does not exist.
 */
export function sourceText(source: KernelSource): string {
  return load(source).code;
}

/**
 * The text of a kernel as it stands, and with every part replaced that a specialisation may replace. If neither changes, no launch of
 * the kernel does.
 */
export function sourceTexts(source: KernelSource): string[] {
  return [
    sourceText(source),
    load(source, { ...DTYPE_F16, ...VEC4, ...LANES_16, ...EIGHTS, ...WINOGRAD_4X4, ...WIDE, ...SPLIT }).code,
  ];
}

/** How a kernel accesses its bindings of group 0, one letter for each: `r` for `read`, `w` for `read_write`. */
function accessOf(code: string): string {
  const declared = code.replace(/\/\/.*/g, '').matchAll(BINDING);
  const letters: string[] = [];
  for (const [, index, mode] of declared) letters[Number(index)] = mode === 'read_write' ? 'w' : 'r';
  return letters.join('');
}

function resized(code: string, sizes: Readonly<Record<string, number>> = {}): string {
  return Object.entries(sizes).reduce((text, [name, value]) => {
    const line = new RegExp(`^const ${name} = \\w+;`, 'm');
    if (!line.test(text)) throw new Error(`A kernel has no line "const ${name} = …;" to be replaced.`);
    return text.replace(line, `const ${name} = ${value}u;`);
  }, code);
}

function insteadOf({ dtype, instead = {} }: Specialisation): Readonly<Record<string, string>> {
  return dtype === 'f16' ? { ...instead, ...DTYPE_F16 } : instead;
}

function load(source: KernelSource, instead: Readonly<Record<string, string>> = {}): Expanded {
  const key = `${addressOf(source)} ${JSON.stringify(instead)}`;
  let found = expanded.get(key);
  if (!found) {
    found = expand(source, instead);
    expanded.set(key, found);
  }
  return found;
}

function expand(source: KernelSource, instead: Readonly<Record<string, string>>): Expanded {
  // Errors name the file that a person edits, wherever this one was compiled to.
  if (typeof source === 'string') return expandIncludes('src/kernels/wgsl', `${source}.wgsl`, textOf, instead);
  if ('text' in source) {
    const { name, text } = source;
    return expandIncludes('text', name, (wanted) => (wanted === name ? text : textOf(wanted)), instead);
  }
  const folder = source.pathname.replace(/\/[^/]*$/, '');
  return expandIncludes(folder, nameOf(source), (name) => readBeside(source, name), instead);
}

/** A file of this package. */
function textOf(name: string): string | null {
  return TEXTS[name] ?? null;
}

/** A file beside a kernel from outside the package, or else one of the package, so that such a kernel can include its parts. */
function readBeside(source: FileUrl, name: string): string | null {
  const url = new URL(name, source.href);
  const { existsSync, readFileSync } = fileSystem(source);
  return existsSync(url) ? readFileSync(url, 'utf8') : textOf(name);
}

interface Files {
  existsSync(url: URL): boolean;
  readFileSync(url: URL, encoding: 'utf8'): string;
}

/** Node's files, asked of the process, so that a bundle for a page has nothing to look for. @throws CyclopsError where there are none */
function fileSystem({ href }: FileUrl): Files {
  const host: { process?: { getBuiltinModule?(name: string): Files | undefined } } = globalThis;
  const files = host.process?.getBuiltinModule?.('node:fs');
  if (files) return files;
  throw new CyclopsError(
    `The kernel ${href} is a file, which only Node (20.16 or newer) reads. Give its text instead: { name, text }.`,
  );
}

function addressOf(source: KernelSource): string {
  if (typeof source === 'string') return source;
  return 'text' in source ? `${source.name}\n${source.text}` : source.href;
}

function nameOf(source: KernelSource): string {
  if (typeof source === 'string') return source;
  return 'text' in source ? source.name : (source.pathname.split('/').at(-1) ?? source.href);
}
