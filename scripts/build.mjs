// Checks the shaders and makes the package's dist/ of src/: compiled modules, the kernels' texts as one of them, the scripts of reports
// as they are, and the declarations that a program meets through the package's doors.
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @param {string} folder @param {string} ending @returns {string[]} paths below the folder */
function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(ending));
}

/** The kernels' texts as a module with the export of src/kernels/texts.ts. */
function writeTexts() {
  const folder = 'src/kernels/wgsl';
  const texts = filesIn(folder, '.wgsl')
    .sort()
    .map((path) => [path.replaceAll(sep, '/'), readFileSync(join(folder, path), 'utf8')]);
  const code = `const texts = new Map(${JSON.stringify(texts, null, 1)});

export function textOf(name) {
  return texts.get(name) ?? null;
}
`;
  writeFileSync('dist/kernels/texts.js', code);
  rmSync('dist/kernels/texts.js.map');
}

/** Declarations that no door leads to, and of which `@internal` may have left half, do not belong into the package. */
function removeHiddenDeclarations() {
  const open = readdirSync('dist').filter((name) => name.endsWith('.d.ts'));
  const seen = new Set(open);
  for (const path of seen) {
    const text = readFileSync(join('dist', path), 'utf8');
    for (const [, target = ''] of text.matchAll(/(?:from|import)\s*\(?'(\.[^']+)\.ts'/g)) {
      seen.add(`${join(dirname(path), target)}.d.ts`);
    }
  }
  for (const path of filesIn('dist', '.d.ts')) if (!seen.has(path)) rmSync(join('dist', path));
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
const checker = ['--import', 'tsx', 'scripts/check-shaders.ts'];
const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
for (const step of [checker, compiler]) {
  const { status } = spawnSync(process.execPath, step, { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
writeTexts();
const pageScripts = 'report/client';
rmSync(join('dist', pageScripts), { recursive: true });
cpSync(join('src', pageScripts), join('dist', pageScripts), { recursive: true });
removeHiddenDeclarations();
