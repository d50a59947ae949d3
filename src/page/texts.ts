/**
 * The page's script: client/ and all that it imports, in one module. The build freezes it: the compiled module holds the text, so that
 * who installs the package needs no bundler.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { bareTexts, textsInPage } from '../kernels/include.ts';
import { TEXTS } from '../kernels/texts.ts';

/** Modules that a page has others for: those of the field `browser` of package.json. The texts of kernels are made here. */
const IN_PAGE = new RegExp(
  Object.keys(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).browser)
    .filter((path) => path !== './dist/kernels/texts.js')
    .map((path) => path.replace(/^.*(?=\/)/, '').replace(/\.js$/, '\\.ts$'))
    .join('|'),
);

const inPage: Plugin = {
  name: 'in-page',
  setup({ onLoad, onResolve, resolve }) {
    onResolve({ filter: IN_PAGE }, ({ path, importer, resolveDir, kind }) =>
      resolve(path.replace(/\.ts$/, '-in-page.ts'), { importer, resolveDir, kind }),
    );
    onLoad({ filter: /\/kernels\/texts\.ts$/ }, () => {
      return { loader: 'js', contents: `export const TEXTS = ${JSON.stringify(bareTexts(textsInPage(TEXTS)))};` };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('./client/main.ts', import.meta.url))],
  ...{
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    charset: 'utf8',
  },
  legalComments: 'inline',
  plugins: [inPage],
});

export const PAGE_SCRIPT = outputFiles[0]?.text ?? '';
