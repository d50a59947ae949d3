import type { Kernel } from './launch.ts';

/** What a device tells an entry point, and what that is to the part of a fused launch that a workgroup belongs to. */
const BUILTINS: Readonly<Record<string, { type: 'u32' | 'vec3u'; own(told: string): string }>> = {
  workgroup_id: { type: 'vec3u', own: (told) => `vec3u(${told}.xy, ${told}.z - part * each)` },
  num_workgroups: { type: 'vec3u', own: (told) => `vec3u(${told}.xy, each)` },
  global_invocation_id: { type: 'vec3u', own: (told) => `vec3u(${told}.xy, ${told}.z - part * each * depth)` },
  local_invocation_id: { type: 'vec3u', own: (told) => told },
  local_invocation_index: { type: 'u32', own: (told) => told },
  subgroup_id: { type: 'u32', own: (told) => told },
  subgroup_invocation_id: { type: 'u32', own: (told) => told },
  subgroup_size: { type: 'u32', own: (told) => told },
  num_subgroups: { type: 'u32', own: (told) => told },
};

const BINDING = /@group\(0\)\s*@binding\((\d+)\)\s*var<storage[^>]*>\s*(\w+)\s*:[^;]*;/g;
const ENTRY = /@compute\s+@workgroup_size\(([^)]*)\)\s*fn\s+main\s*\(/;
const PARAMETER = /@builtin\((\w+)\)\s*\w+\s*:\s*\w+/g;

const made = new WeakMap<Kernel, Map<number, Kernel | null>>();
const originals = new WeakMap<Kernel, Kernel>();

/**
 * A kernel that does several launches of another in one. It has as many times the workgroups along z, and as many times the bindings: the first
 * workgroups have the first of them, and so on. Immediates and constants are the same for all. What a workgroup does is what it did, in
 * the same order, so results keep their bits. Its text has what reaches a binding once for each part, under other names; workgroup memory is
 * shared, since a workgroup belongs to one part.
 *
 * @param parts how many, from 2 on
 * @returns null where the text is not understood, as with block comments, several entry points or a builtin that is not known here
 *
 * Source: horizontal fusion; Li, Zheng, Pekhimenko, Long, "Automatic Horizontal Fusion for GPU Kernels", CGO 2022. There the parts are threads
 * of one workgroup, here workgroups of one launch.
 */
export function fusedKernel(kernel: Kernel, parts: number): Kernel | null {
  const known = made.get(kernel) ?? new Map<number, Kernel | null>();
  made.set(kernel, known);
  const before = known.get(parts);
  if (before !== undefined) return before;
  const { name, access, constants } = kernel;
  const code = fusedCode(kernel, parts);
  const fused = code === null ? null : { name: `${name} ×${parts}`, code, access: access.repeat(parts), constants };
  known.set(parts, fused);
  if (fused) originals.set(fused, kernel);
  return fused;
}

/** The kernel that a fused one is made of; undefined for others. */
export function originalOf(fused: Kernel): Kernel | undefined {
  return originals.get(fused);
}

/** What no text may have, beside rare line ends: other comments than are taken away here, names that are given here, predeclared ones for others. */
const NOT_UNDERSTOOD = /\/\*|_part\d|\btold_|@diagnostic|\b(?:alias|struct|fn|override|const)\s+(?:u32|vec3u)\b/;

function fusedCode({ code, access }: Kernel, parts: number): string | null {
  const bare = code.replace(/\/\/.*$/gm, '');
  if (/[\v\f\u0085]/.test(code) || NOT_UNDERSTOOD.test(bare)) return null;
  const bindings = [...bare.matchAll(BINDING)];
  const functions = functionsIn(bare);
  const main = functions.find(({ name }) => name === 'main')?.text ?? '';
  const [, size = ''] = ENTRY.exec(main) ?? [];
  const told = main.slice(main.indexOf('(', main.indexOf('main')), main.indexOf('{'));
  const builtins = [...told.matchAll(PARAMETER)].map(([, builtin = '']) => builtin);
  const areKnown = builtins.length === told.split(':').length - 1 && builtins.every((builtin) => builtin in BUILTINS);
  if (size === '' || bindings.length !== access.length || !areKnown) return null;

  const names = [...functions.map(({ name }) => name), ...bindings.map(([, , name = '']) => name)];
  // Whole names, but neither members, which follow a dot, nor attributes.
  const reaches = new RegExp(`(?<!\\p{XID_Continue}|[.@]\\s*)(?:${names.join('|')})(?!\\p{XID_Continue})`, 'gu');
  const plain = (text: string) => text.replace(ENTRY, 'fn main(').replace(/@builtin\(\w+\)\s*/g, '');
  const renamed = (text: string, part: number) => plain(text).replace(reaches, `$&_part${part}`);
  const copies = Array.from({ length: parts }, (_, part) => [
    ...bindings.map(([text, binding]) =>
      renamed(text, part).replace(/@binding\(\d+\)/, `@binding(${Number(binding) + part * access.length})`),
    ),
    ...functions.map(({ text }) => renamed(text, part)),
  ]);
  const taken = [...bindings.map(([text]) => text), ...functions.map(({ text }) => text)];
  const rest = taken.reduce((left, text) => left.replace(text, ''), bare);
  // Attributes of functions, other groups and other entry points: whatever is left of them.
  const left = [rest, ...functions.filter(({ name }) => name !== 'main').map(({ text }) => text)].join('\n');
  if (/@(?!align|size)|\bfn\b/.test(rest) || /@builtin|@compute/.test(left)) return null;
  return [rest, ...copies.flat(), entryPoint(size, builtins, parts)].join('\n');
}

/** Hands what the device tells to the function of the part that a workgroup belongs to. @param size what `@workgroup_size` is given */
function entryPoint(size: string, builtins: readonly string[], parts: number): string {
  const sizes = size.split(',').filter((text) => text.trim() !== '');
  const told = (builtin: string) => `told_${builtin}`;
  const heard = [...new Set(['workgroup_id', 'num_workgroups', ...builtins])];
  const declared = heard.map((builtin) => `@builtin(${builtin}) ${told(builtin)}: ${BUILTINS[builtin]?.type}`);
  const own = builtins.map((builtin) => BUILTINS[builtin]?.own(told(builtin))).join(', ');
  const cases = Array.from({ length: parts - 1 }, (_, part) => `    case ${part}u: { main_part${part}(${own}); }`);
  return `@compute @workgroup_size(${size})
fn main(${declared.join(', ')}) {
  let depth = u32(${sizes[2] ?? 1});
  let each = ${told('num_workgroups')}.z / ${parts}u;
  let part = ${told('workgroup_id')}.z / each;
  switch part {
${cases.join('\n')}
    default: { main_part${parts - 1}(${own}); }
  }
}
`;
}

/** The functions of a text without comments, each with its attributes. */
function functionsIn(code: string): { name: string; text: string }[] {
  return [...code.matchAll(/(?:@compute\s+@workgroup_size\([^)]*\)\s*)?\bfn\s+(\w+)\s*\(/g)].map(
    ({ 0: head, 1: name = '', index }) => {
      let depth = 0;
      let end = code.indexOf('{', index + head.length);
      do {
        if (code[end] === '{') depth += 1;
        else if (code[end] === '}') depth -= 1;
        end += 1;
      } while (depth > 0 && end < code.length);
      return { name, text: code.slice(index, end) };
    },
  );
}
