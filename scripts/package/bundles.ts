/** Bundles of the engine, and of the detector with the engine under it, for pages: made by Vite and esbuild as somebody's project would. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Consumer } from './consumer.ts';
import { run, toolPath } from './tools.mjs';

/** The most bytes that either may have with all kernels, packed by gzip. */
export const MOST_GZIPPED = 100_000;

/** What is wrong with a bundle, or null, and its scripts packed. */
interface PageBundle {
  readonly name: string;
  readonly tool: string;
  readonly problem: string | null;
  readonly gzipped: number;
}

const PROGRAMS = {
  engine: "import * as engine from 'PACKAGE';\nObject.assign(globalThis, { engine });\n",
  detector: "import { Detector } from 'PACKAGE/detector';\nObject.assign(globalThis, { Detector });\n",
};

/** Bundles a program that uses all of a door, for each door and tool. */
export function bundleForPages({ root }: Consumer, packageName: string): PageBundle[] {
  const folder = join(root, 'page');
  mkdirSync(folder);
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>\n');
  const esbuild = ['--bundle', '--minify', '--platform=browser', '--format=esm', '--splitting', '--outdir=by-esbuild'];
  const tools = {
    esbuild: [toolPath('esbuild/bin/esbuild'), 'main.js', ...esbuild, '--log-level=warning'],
    vite: [toolPath('vite/bin/vite.js'), 'build', '--outDir', 'by-vite', '--logLevel', 'warn'],
  };
  const bundles = Object.entries(PROGRAMS).flatMap(([name, program]) => {
    writeFileSync(join(folder, 'main.js'), program.replaceAll('PACKAGE', packageName));
    return Object.entries(tools).map(([tool, command]) => {
      const out = join(folder, `by-${tool}`);
      rmSync(out, { recursive: true, force: true });
      const { ok, said } = run(process.execPath, command, folder);
      return { name, tool, ...judged(ok, said, existsSync(out) ? scriptsIn(out) : []) };
    });
  });
  rmSync(folder, { recursive: true });
  return bundles;
}

function judged(ok: boolean, said: string, texts: readonly string[]): Omit<PageBundle, 'name' | 'tool'> {
  const gzipped = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
  const imported = texts.flatMap((text) => text.match(/\b(?:from|import)\s*\(?\s*["'](?!\.)[^"']+["']/g) ?? []);
  // Vite puts this in place of a module of Node.
  const replaced = texts.some((text) => text.includes('__vite-browser-external'));
  const problems = [
    ...(ok && said === '' ? [] : [said || 'it ended with an error']),
    ...(texts.length > 0 ? [] : ['it wrote no script']),
    ...(imported.length > 0 ? [`it imports ${imported.join(', ')}`] : []),
    ...(replaced ? ['it has modules of Node, which a page lacks'] : []),
    ...(gzipped <= MOST_GZIPPED ? [] : [`it has ${gzipped} bytes by gzip, at most ${MOST_GZIPPED} were expected`]),
  ];
  return { problem: problems.length > 0 ? problems.join('\n') : null, gzipped };
}

function scriptsIn(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'));
  return paths.map((path) => readFileSync(join(folder, path), 'utf8'));
}
