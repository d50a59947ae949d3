/**
 * The page's script: client/ and all that it imports, in one module. The build freezes it: the compiled module holds the text, so that
 * who installs the package needs no bundler.
 */
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { bareTexts, textsInPage } from '../kernels/include.ts';
import { TEXTS } from '../kernels/texts.ts';

/** Modules that a page has others for, as in the field `browser` of package.json. */
const IN_PAGE = /\/(dawn|stored-model|decode-bytes|crc32|matrix-tile)\.ts$/;

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
