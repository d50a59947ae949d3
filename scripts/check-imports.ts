// Keeps the imports of src/ pointing one way, and the engine free of Node and of packages, so that it runs in a browser.
// Usage: tsx scripts/check-imports.ts [root]. Prints each violation as file:line and exits 1 if there is one.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From high to low. A folder imports itself and folders on lower rows; folders on one row do not know each other. */
const ROWS = [
  ['cli'],
  ['report'],
  ['anomaly'],
  ['cyclegan'],
  ['data'],
  ['layers', 'optim'],
  ['autograd'],
  ['tensor'],
  ['kernels'],
  ['gpu'],
];

const ENGINE = new Set(['layers', 'optim', 'autograd', 'tensor', 'kernels', 'gpu']);

/** The engine's two doors to the host, and what may come in through each. */
const DOORS: Record<string, RegExp> = {
  'gpu/dawn.ts': /^webgpu$/,
  'kernels/source.ts': /^node:(fs|path|url)$/,
};

interface Import {
  specifier: string;
  line: number;
}

/**
 * Every import, export-from and import() of a source text. Comments and strings are consumed as wholes, so that what
 * they mention does not count; an import() of something other than a literal yields its expression.
 */
function importsOf(source: string): Import[] {
  const tokens =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\b(?:from|import)\s*(['"])(?<plain>[^'"\n]+)\1|\bimport\s*\((?:\s|\/\*[\s\S]*?\*\/)*(?:(['"])(?<dynamic>[^'"\n]+)\3|(?<computed>[^)]*))|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
  return [...source.matchAll(tokens)].flatMap((match) => {
    const specifier = match.groups?.plain ?? match.groups?.dynamic ?? match.groups?.computed;
    return specifier === undefined ? [] : { specifier, line: source.slice(0, match.index).split('\n').length };
  });
}

/** The folder of a path relative to src/, or undefined for a file that lies directly in src/. */
const folderOf = (path: string): string | undefined => (path.includes('/') ? path.split('/')[0] : undefined);

const rowOf = (folder: string): number => ROWS.findIndex((row) => row.includes(folder));

/** What is wrong with an import of `specifier` in `file` (relative to src/), if anything. */
function violation(file: string, specifier: string): string | undefined {
  const from = folderOf(file);
  if (!specifier.startsWith('.')) {
    if (from === undefined || !ENGINE.has(from) || DOORS[file]?.test(specifier)) return undefined;
    return `the engine imports neither Node modules nor packages, but here is '${specifier}'`;
  }
  const target = relative('/src', resolve('/src', dirname(file), specifier)).replaceAll(sep, '/');
  if (target.startsWith('..')) return `'${specifier}' lies outside src/`;
  // Files directly in src/ are the package's entry: they see everything, and nothing sees them.
  if (from === undefined) return undefined;
  const to = folderOf(target);
  if (to === undefined) return `src/${from} may not import src/${target}, the package's own entry`;
  if (from === to) return undefined;
  if (rowOf(to) < 0) return `src/${to} has no place in the order of folders`;
  if (rowOf(from) >= rowOf(to)) return `src/${from} may not import src/${to}: imports point from high to low`;
  return undefined;
}

const root = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll(sep, '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();

const problems = files.flatMap((file) => {
  const folder = folderOf(file);
  if (folder !== undefined && rowOf(folder) < 0)
    return `src/${file}:1: src/${folder} has no place in the order of folders`;
  return importsOf(readFileSync(join(src, file), 'utf8')).flatMap(({ specifier, line }) => {
    const problem = violation(file, specifier);
    return problem === undefined ? [] : `src/${file}:${line}: ${problem}`;
  });
});

for (const problem of problems) console.error(problem);
console.log(
  `imports: ${files.length} files, ${problems.length} violations; the order is ${ROWS.map((row) => row.join(', ')).join(' → ')}`,
);
if (problems.length > 0) process.exit(1);
