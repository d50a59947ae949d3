/**
 * Keeps the structure of src/: imports point one way between folders and between the rooms of a folder, no files import each other
 * in a circle (types included), and the engine imports neither Node nor packages and speaks of no command.
 *
 * Usage: tsx scripts/check-imports.ts [root]. Prints each violation as file:line and exits 1 if there is one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From high to low. A folder imports itself and folders on lower rows; folders on one row do not know each other. */
const FOLDERS = [
  ['cli'],
  ['workflow'],
  ['page'],
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

/** The same of the rooms inside a folder; '.' stands for the files that lie in the folder itself, but for those named themselves. */
const ROOMS: Record<string, string[][]> = {
  cli: [['commands'], ['bench', 'verify'], ['profile'], ['text']],
  workflow: [['.'], ['runs'], ['images', 'onnx', 'shards'], ['common']],
  report: [['.'], ['sections'], ['parts']],
  page: [['.'], ['client']],
  anomaly: [['evaluation'], ['detector'], ['calibration'], ['scores'], ['maps'], ['metrics']],
  cyclegan: [['run'], ['.']],
  data: [['datasets', 'defects'], ['images'], ['files']],
  autograd: [['losses'], ['.'], ['activations']],
  kernels: [['tuning'], ['conv2d'], ['instance-norm', 'images', 'optim'], ['.']],
  gpu: [['.'], ['host'], ['errors.ts']],
};

const ENGINE = new Set(['layers', 'optim', 'autograd', 'tensor', 'kernels', 'gpu']);

/** The engine's doors to the host, and what may come in through each. */
const HOST_DOORS: Record<string, RegExp> = {
  'gpu/host/dawn.ts': /^webgpu$/,
  'kernels/texts.ts': /^node:fs$/,
};

/** The engine states facts; advice in the words of a command line belongs to the command line. */
const COMMAND_WORDS = /(?<![-\w])--[a-z][a-z-]*|cyclops doctor/g;

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
    return specifier === undefined ? [] : { specifier, line: lineAt(source, match.index) };
  });
}

const lineAt = (source: string, index: number): number => source.slice(0, index).split('\n').length;

/** The folder of a path relative to src/, or undefined for a file that lies directly in src/. */
const folderOf = (path: string): string | undefined => (path.includes('/') ? path.split('/')[0] : undefined);

/** The room of a file inside its folder: '.' where it lies in the folder itself, or its own name where that has a place. */
function roomOf(path: string, rows: readonly string[][]): string {
  const [, room = '.', file] = path.split('/');
  return file !== undefined || rowOf(rows, room) >= 0 ? room : '.';
}

const rowOf = (rows: readonly string[][], name: string): number => rows.findIndex((row) => row.includes(name));

/** The path relative to src/ of what a relative import names. */
const targetOf = (file: string, specifier: string): string =>
  relative('/src', resolve('/src', dirname(file), specifier)).replaceAll(sep, '/');

/** What is wrong with an import of `specifier` in `file` (relative to src/), if anything. */
function violation(file: string, specifier: string): string | undefined {
  const from = folderOf(file);
  if (!specifier.startsWith('.')) {
    if (from === undefined || !ENGINE.has(from) || HOST_DOORS[file]?.test(specifier)) return undefined;
    return `the engine imports neither Node modules nor packages, but here is '${specifier}'`;
  }
  const target = targetOf(file, specifier);
  if (target.startsWith('..')) return `'${specifier}' lies outside src/`;
  // Files directly in src/ are the package's entries: they see everything, and nothing sees them.
  if (from === undefined) return undefined;
  const to = folderOf(target);
  if (to === undefined) return `src/${from} may not import src/${target}, an entry of the package`;
  if (from === to) return roomViolation(file, target);
  if (rowOf(FOLDERS, to) < 0) return `src/${to} has no place in the order of folders`;
  if (rowOf(FOLDERS, from) >= rowOf(FOLDERS, to))
    return `src/${from} may not import src/${to}: imports point from high to low`;
  return undefined;
}

/** The same for two files of one folder. */
function roomViolation(file: string, target: string): string | undefined {
  const folder = folderOf(file) ?? '';
  const rows = ROOMS[folder];
  if (!rows) return undefined;
  const [from, to] = [roomOf(file, rows), roomOf(target, rows)];
  if (from === to) return undefined;
  const [high, low] = [rowOf(rows, from), rowOf(rows, to)];
  // Rooms without a place in the order see each other as long as there is no circle.
  if (high < 0 || low < 0 || high < low) return undefined;
  return `src/${folder}/${from} may not import src/${folder}/${to}: rooms of src/${folder} import from high to low`;
}

/** Sets of files that import each other in a circle: the strongly connected components (Tarjan 1972) of more than one file. */
function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const visit = (file: string) => {
    const own = index.size;
    index.set(file, own);
    lowest.set(file, own);
    path.push(file);
    for (const target of imports.get(file) ?? []) {
      if (!imports.has(target)) continue;
      if (!index.has(target)) visit(target);
      if (path.includes(target)) lowest.set(file, Math.min(lowest.get(file) ?? own, lowest.get(target) ?? own));
    }
    if (lowest.get(file) !== own) return;
    const circle = path.splice(path.indexOf(file));
    if (circle.length > 1) found.push(circle.sort());
  };
  for (const file of imports.keys()) if (!index.has(file)) visit(file);
  return found;
}

const root = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)));
const src = join(root, 'src');
const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll(sep, '/'))
  .filter((path) => path.endsWith('.ts'))
  .sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(src, file), 'utf8')]));

const problems = [...texts].flatMap(([file, text]) => {
  const folder = folderOf(file);
  if (folder !== undefined && rowOf(FOLDERS, folder) < 0)
    return `src/${file}:1: src/${folder} has no place in the order of folders`;
  const wrong = importsOf(text).flatMap(({ specifier, line }) => {
    const problem = violation(file, specifier);
    return problem === undefined ? [] : `src/${file}:${line}: ${problem}`;
  });
  if (folder === undefined || !ENGINE.has(folder)) return wrong;
  const words = [...text.matchAll(COMMAND_WORDS)].map(
    ({ 0: word, index }) =>
      `src/${file}:${lineAt(text, index)}: the engine speaks of '${word}'; it states facts, and advice belongs to the command line`,
  );
  return [...wrong, ...words];
});
const graph = new Map(
  [...texts].map(([file, text]) => [
    file,
    importsOf(text).flatMap(({ specifier }) => (specifier.startsWith('.') ? [targetOf(file, specifier)] : [])),
  ]),
);
for (const circle of circles(graph)) {
  problems.push(`src/${circle[0]}:1: ${circle.length} files import each other in a circle: ${circle.join(', ')}`);
}

for (const problem of problems) console.error(problem);
console.log(
  `imports: ${files.length} files, ${problems.length} violations; the order is ${FOLDERS.map((row) => row.join(', ')).join(' → ')}`,
);
if (problems.length > 0) process.exit(1);
