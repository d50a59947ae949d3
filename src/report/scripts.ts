import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Html, html, trusted } from './parts/html.ts';

/** Scripts that a page carries, and what its content security policy must say to let them run, and no others. */
export interface Scripts {
  elements: Html;
  policy: string;
}

const { resolve } = createRequire(import.meta.url);
const LIBRARY = resolve('uplot/dist/uPlot.iife.min.js');

/** The style of the chart library. */
export function libraryStyle(): Html {
  return trusted(read(resolve('uplot/dist/uPlot.min.css')));
}

/** uPlot with its licence, then the page's own script. */
export function scripts(): Scripts {
  const library = `/*\nuPlot\n${read(resolve('uplot/LICENSE'))}*/\n${read(LIBRARY)}`;
  const own = joined(['navigation', 'gallery', 'plot', 'histogram', 'curves', 'charts']);
  const hashes = [library, own].map((text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`);
  return {
    elements: html`<script>${trusted(library)}</script>
<script type="module">${trusted(own)}</script>`,
    policy: hashes.join(' '),
  };
}

/** Modules of client/ as one, each after those that it imports: a page that may load nothing cannot import. */
function joined(names: readonly string[]): string {
  const texts = names.map((name) => read(new URL(`./client/${name}.js`, import.meta.url)));
  return texts.map((text) => text.replace(/^import [^;]*;\n/gm, '').replace(/^export (?:\{\};)?/gm, '')).join('');
}

/** With the line ends that a browser makes of all others before it looks at a hash. */
function read(path: string | URL): string {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
}
