import { createHash } from 'node:crypto';
import { type Html, html, trusted } from './parts/html.ts';
import { PAGE_SCRIPTS, UPLOT } from './texts.ts';

/** Scripts that a page carries, and what its content security policy must say to let them run, and no others. */
interface Scripts {
  elements: Html;
  policy: string;
}

/** The style of the chart library. */
export function libraryStyle(): Html {
  return trusted(UPLOT.style);
}

/** uPlot with its licence, then the page's own script. */
export function scripts(): Scripts {
  const library = `/*\nuPlot\n${UPLOT.licence}*/\n${UPLOT.script}`;
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
  const texts = names.map((name) => PAGE_SCRIPTS[name] ?? missing(name));
  return texts.map((text) => text.replace(/^import [^;]*;\n/gm, '').replace(/^export (?:\{\};)?/gm, '')).join('');
}

function missing(name: string): never {
  throw new Error(`There is no script src/report/client/${name}.js.`);
}
