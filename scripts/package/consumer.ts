/** An empty project elsewhere that has installed the package, and the examples as its programs. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './tools.mjs';

export interface Consumer {
  readonly root: string;
  /** The tarball of the package. */
  readonly tarball: string;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Names of the programs, without `.ts`: the examples that no other imports. */
  readonly programs: readonly string[];
  /** Names of files that they read beside themselves. */
  readonly assets: readonly string[];
}

/** What programs here need of their host, for configurations without types of it; the DOM declares the first. */
const DOM = `
declare const console: { log(...values: unknown[]): void };
declare class URL {
  constructor(url: string, base?: string);
  readonly href: string;
  readonly pathname: string;
}
interface ImportMeta {
  readonly url: string;
}
`;
const HOST = `
declare const process: { argv: string[] };
declare module 'node:fs/promises' {
  export function readFile(path: string): Promise<Uint8Array>;
}
`;

/** Of each class, for the programs that train and judge. */
const PHOTOGRAPHS = 8;

/** What an import of a file directly in src/ is in a program elsewhere: `../src/index.ts` is the package itself. */
function importedAs(packageName: string, entry: string): string {
  return entry === 'index' ? packageName : `${packageName}/${entry}`;
}

/**
 * Packs what the build made and installs it below `work`.
 *
 * @returns the project, or what npm said when it could not
 */
export function makeConsumer(work: string): Consumer | { problem: string } {
  const { name, exports, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', work], process.cwd());
  if (!packed.ok) return { problem: packed.said };
  const [{ filename, size, unpackedSize }] = JSON.parse(packed.stdout);
  const tarball = join(work, filename);

  const root = join(work, 'project');
  mkdirSync(root);
  const dependencies = { [name]: `file:${tarball}`, '@webgpu/types': devDependencies['@webgpu/types'] };
  writeFileSync(join(root, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  const install = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock'];
  const installed = run('npm', install, root);
  if (!installed.ok) return { problem: installed.said };

  const entries = readdirSync('examples', { withFileTypes: true });
  const examples = entries.flatMap((entry) => (entry.isFile() ? entry.name : []));
  const texts = examples.map((file) => ({ file, text: readFileSync(join('examples', file), 'utf8') }));
  for (const { file, text } of texts) {
    const rewritten = text.replace(/'\.\.\/src\/([\w-]+)\.ts'/g, (_, entry) => `'${importedAs(name, entry)}'`);
    writeFileSync(join(root, file), rewritten);
  }
  copyPhotographs(join(root, 'photographs'));
  const modules = examples.flatMap((file) => (file.endsWith('.ts') ? file.slice(0, -3) : []));
  // The detector's needs the model that the workflow's trains.
  const programs = modules
    .filter((module) => !texts.some(({ text }) => text.includes(`from './${module}.ts'`)))
    .sort((a, b) => Number(a === 'detector') - Number(b === 'detector'));
  const assets = texts.flatMap(({ file }) => (file.endsWith('.ts') ? [] : file));
  const doors = Object.keys(exports).filter((door) => !door.endsWith('.json'));
  const lines = doors.map((door, i) => `export * as door${i} from '${door.replace('.', name)}';\n`);
  writeFileSync(join(root, 'doors.ts'), lines.join(''));
  writeFileSync(join(root, 'host.d.ts'), `${DOM}${HOST}`);
  writeFileSync(join(root, 'host-dom.d.ts'), HOST);
  return { root, tarball, packedBytes: size, unpackedBytes: unpackedSize, programs, assets };
}

/** A data folder of a few of the repository's photographs. */
function copyPhotographs(folder: string): void {
  for (const label of ['normal', 'abnormal']) {
    mkdirSync(join(folder, label), { recursive: true });
    for (const name of readdirSync(join('data/bsdata_pitting', label)).slice(0, PHOTOGRAPHS)) {
      copyFileSync(join('data/bsdata_pitting', label, name), join(folder, label, name));
    }
  }
}

/** What a program is given on its command line; the detector's has the model that the workflow's trained. @param runs names the folder of that one */
export function argumentsOf(program: string, runs: string): string[] {
  const image = join('photographs', 'abnormal', readdirSync('data/bsdata_pitting/abnormal')[0] ?? '');
  if (program === 'workflow') return ['photographs', runs];
  return program === 'detector' ? [join(runs, 'model.safetensors'), image] : [];
}
