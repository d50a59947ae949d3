/** Bundles of the engine and the detector for pages, made by Vite and esbuild of the installed package as somebody's project would. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Consumer } from './consumer.ts';
import { run, toolPath } from './tools.mjs';

/** The most that engine and detector may be with their kernels, packed by gzip. */
export const MOST_GZIPPED = 100_000;

/** Of a bundle for pages: what is wrong with it, or null, and its scripts packed. */
interface PageBundle {
  readonly tool: string;
  readonly problem: string | null;
  readonly gzipped: number;
}

const PROGRAM = `
import * as engine from 'PACKAGE';
import { Detector } from 'PACKAGE/detector';
Object.assign(globalThis, { engine, Detector });
`;

/** Bundles a program that uses everything of both doors. */
export function bundleForPages({ root }: Consumer, packageName: string): PageBundle[] {
  const folder = join(root, 'page');
  mkdirSync(folder);
  writeFileSync(join(folder, 'main.js'), PROGRAM.replaceAll('PACKAGE', packageName));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><script type="module" src="./main.js"></script>\n');
  const esbuild = ['--bundle', '--minify', '--platform=browser', '--format=esm', '--splitting', '--outdir=by-esbuild'];
  const tools = {
    esbuild: [toolPath('esbuild/bin/esbuild'), 'main.js', ...esbuild, '--log-level=warning'],
    vite: [toolPath('vite/bin/vite.js'), 'build', '--outDir', 'by-vite', '--logLevel', 'warn'],
  };
  const bundles = Object.entries(tools).map(([tool, command]) => {
    const { ok, said } = run(process.execPath, command, folder);
    const out = join(folder, `by-${tool}`);
    const texts = existsSync(out) ? scriptsIn(out) : [];
    return { tool, ...judged(ok, said, texts) };
  });
  rmSync(folder, { recursive: true });
  return bundles;
}

function judged(ok: boolean, said: string, texts: readonly string[]): Omit<PageBundle, 'tool'> {
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
