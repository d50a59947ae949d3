/** Kernels made of several files: what `// #include "conv2d/parts/conv.wgsl"` stands for, and which line came from where. */
import { CyclopsError } from '../gpu/errors.ts';
import type { SourceLine } from '../gpu/launch.ts';

/** WGSL text as the device sees it, and for each of its lines where a person edits it. */
export interface Expanded {
  readonly code: string;
  readonly lines: readonly SourceLine[];
}

/**
 * The text of a file in which every line `// #include "name.wgsl"` is replaced by that file's lines, themselves expanded. A file that
 * is already there is not put in again.
 *
 * @param folder what the names are relative to; it stands before them in the line map and in errors.
 * @param read the text of a file of the folder, or null when there is none.
 * @param instead names of files that take the place of included ones, and may include those.
 * @throws CyclopsError when a file does not exist or includes itself, and for an `#include` of any other form.
 */
export function expandIncludes(
  folder: string,
  name: string,
  read: (name: string) => string | null,
  instead: Readonly<Record<string, string>> = {},
): Expanded {
  const code: string[] = [];
  const lines: SourceLine[] = [];
  const seen = new Set<string>();

  const put = (file: string, chain: readonly string[], includedAt: string) => {
    seen.add(file);
    const text = read(file);
    if (text === null) throw new CyclopsError(`${includedAt}${folder}/${file} does not exist.`);
    for (const [i, line] of text.trimEnd().split(/\r?\n/).entries()) {
      const at = `${folder}/${file}:${i + 1}: `;
      const wanted = includeIn(line, at);
      const other = wanted === null ? undefined : instead[wanted];
      // What takes the place of a file may include that file.
      const included = other === undefined || other === file ? wanted : other;
      if (included === null || (seen.has(included) && !chain.includes(included))) {
        code.push(line);
        lines.push({ file: `${folder}/${file}`, line: i + 1 });
      } else if (chain.includes(included)) {
        throw new CyclopsError(`${at}${included} includes itself: ${[...chain, included].join(' → ')}.`);
      } else {
        put(included, [...chain, included], at);
      }
    }
  };

  put(name, [name], '');
  return { code: `${code.join('\n')}\n`, lines };
}

/** The texts of which kernels in pages are made: without those for matrix hardware, Winograd's transform and taps, which pages do not launch. */
export function textsInPage(texts: Readonly<Record<string, string>>): Record<string, string> {
  const isLaunched = (path: string) =>
    !(path.startsWith('conv2d/') && /matrix|taps-/.test(path)) && !path.startsWith('winograd/');
  return Object.fromEntries(Object.entries(texts).filter(([path]) => isLaunched(path)));
}

/**
 * Kernels without comments, but for the includes, without indentation, and without the space behind a comma and around most operators, for
 * pages, of whose kernels they are two fifths. Lines stay lines.
 */
export function bareTexts(texts: Readonly<Record<string, string>>): Record<string, string> {
  const dense = (line: string) => line.replaceAll(', ', ',').replace(/ ([+*/]) (?=[\w(])/g, '$1');
  const bare = (text: string) =>
    text
      .replace(/[ \t]*\/\/(?! #include ).*$/gm, '')
      .replace(/^[ \t]+/gm, '')
      .replace(/^(?!\/\/).*$/gm, dense);
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, bare(text)]));
}

/** The file that a line includes, or null for a line that includes none. */
function includeIn(line: string, at: string): string | null {
  if (!/^\s*\/\/\s*#include\b/.test(line)) return null;
  const name = /^\s*\/\/ #include "([^"]+\.wgsl)"$/.exec(line)?.[1];
  if (name === undefined) {
    throw new CyclopsError(`${at}expected // #include "name.wgsl" and nothing else on the line; got ${line.trim()}`);
  }
  return name;
}
