/** Kernels from WGSL text: this package's own, and that of files elsewhere, which Node reads. */
import { existsSync, readFileSync } from 'node:fs';
import type { Kernel } from '../gpu/launch.ts';
import { type Expanded, expandIncludes } from './include.ts';
import { TEXTS } from './texts.ts';

/** The place of a file: a global `URL`, such as `new URL('./mine.wgsl', import.meta.url)`, is one. */
export interface FileUrl {
  readonly href: string;
  readonly pathname: string;
}

/** A kernel's name, for `wgsl/<name>.wgsl`, or the URL of a .wgsl file elsewhere. */
export type KernelSource = string | FileUrl;

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

/** … and when rows of results are whole eights. */
export const EIGHTS: Readonly<Record<string, string>> = {
  'conv2d/parts/put-f16.wgsl': 'conv2d/parts/put-f16-eights.wgsl',
  'conv2d/parts/put-f32.wgsl': 'conv2d/parts/put-f32-eights.wgsl',
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
    const name = typeof source === 'string' ? source : fileOf(source);
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
  return [sourceText(source), load(source, { ...DTYPE_F16, ...VEC4, ...EIGHTS }).code];
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
    found =
      typeof source === 'string'
        ? // Errors name the file that a person edits, wherever this one was compiled to.
          expandIncludes('src/kernels/wgsl', `${source}.wgsl`, textOf, instead)
        : expandIncludes(
            source.pathname.replace(/\/[^/]*$/, ''),
            fileOf(source),
            (name) => readBeside(source, name),
            instead,
          );
    expanded.set(key, found);
  }
  return found;
}

/** A file of this package. */
function textOf(name: string): string | null {
  return TEXTS[name] ?? null;
}

/** A file beside a kernel from outside the package, or else one of the package, so that such a kernel can include its parts. */
function readBeside(source: FileUrl, name: string): string | null {
  const url = new URL(name, source.href);
  return existsSync(url) ? readFileSync(url, 'utf8') : textOf(name);
}

function addressOf(source: KernelSource): string {
  return typeof source === 'string' ? source : source.href;
}

function fileOf(url: FileUrl): string {
  return url.pathname.split('/').at(-1) ?? url.href;
}
