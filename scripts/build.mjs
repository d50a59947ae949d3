// Checks the shaders and makes the package's dist/ of src/: compiled modules, with those that read files of the package frozen to what they
// read, the declarations that a program meets through the package's doors, and the command in a few files, since Node takes half a second to
// open its hundreds of modules.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { tsImport } from 'tsx/esm/api';

/** @param {string} folder @param {string} ending @returns {string[]} paths below the folder */
function filesIn(folder, ending) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith(ending));
}

/** Modules whose exports are what they read from files. */
const FROZEN = ['kernels/texts', 'report/texts', 'page/texts', 'workflow/common/package-json'];

/** Replaces a compiled module by one that holds the same exports as data. @param {string} path below src/, without `.ts` */
async function freeze(path) {
  const read = await tsImport(`../src/${path}.ts`, import.meta.url);
  const lines = Object.entries(read).map(
    ([name, value]) => `export const ${name} = ${JSON.stringify(value, null, 1)};\n`,
  );
  writeFileSync(`dist/${path}.js`, lines.join(''));
  rmSync(`dist/${path}.js.map`);
}

/** The kernels for bundles of pages, as package.json's field `browser` names them; without those for matrices, which pages do not launch. */
async function freezeForPages() {
  const { TEXTS } = await tsImport('../src/kernels/texts.ts', import.meta.url);
  const { bareTexts, textsInPage } = await tsImport('../src/kernels/include.ts', import.meta.url);
  const exported = JSON.stringify(bareTexts(textsInPage(TEXTS)), null, 1);
  writeFileSync('dist/kernels/texts-in-page.js', `export const TEXTS = ${exported};\n`);
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

/** Puts all that the command loads in place of its modules; files of the project are looked for from a folder as deep as theirs. */
async function bundleCommand() {
  await build({
    ...{ entryPoints: ['dist/cli/main.js'], outdir: 'dist/bundle', chunkNames: 'parts/[name]-[hash]' },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', target: 'node20', packages: 'external' },
    ...{ sourcemap: true, sourcesContent: false, logLevel: 'warning' },
  });
  rmSync('dist/cli', { recursive: true });
  renameSync('dist/bundle', 'dist/cli');
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
const checker = ['--import', 'tsx', 'scripts/check-shaders.ts'];
const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
for (const step of [checker, compiler]) {
  const { status } = spawnSync(process.execPath, step, { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
for (const path of FROZEN) await freeze(path);
await freezeForPages();
removeHiddenDeclarations();
await bundleCommand();
