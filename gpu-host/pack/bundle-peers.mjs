// Turns benchmarks of bench/peers into programs that run where there are no packages: Cyclops itself, and the peer
// whose backend is WebGPU alone.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// Comes with tsx.
import { build } from 'esbuild';

const PEERS = 'bench/peers';
const PACKAGE = '@jax-js/jax';

/**
 * Writes cyclops.js and jax.js to `out`, which is three folders below one that holds dist/; they need the package
 * webgpu.
 *
 * @param {string} out
 * @returns {Promise<string | null>} why there is no jax.js; null where there is
 */
export async function bundlePeers(out) {
  const modules = await mkdtemp(join(tmpdir(), 'cyclops-peers-'));
  try {
    await bundle('cyclops', out, modules);
    const version = JSON.parse(readFileSync(join(PEERS, 'package.json'), 'utf8')).dependencies[PACKAGE];
    const options = ['--prefix', modules, '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
    const { status } = spawnSync('npm', ['install', ...options, `${PACKAGE}@${version}`], { stdio: 'inherit' });
    if (status !== 0) return `npm could not install ${PACKAGE} ${version}`;
    await bundle('jax', out, modules);
    return null;
  } finally {
    rmSync(modules, { recursive: true });
  }
}

/** @param {string} name @param {string} out @param {string} modules where packages are installed */
async function bundle(name, out, modules) {
  await build({
    entryPoints: [join(PEERS, `${name}.ts`)],
    outfile: join(out, `${name}.js`),
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', logLevel: 'warning' },
    nodePaths: [join(modules, 'node_modules')],
    external: ['webgpu'],
    plugins: [
      {
        name: 'the compiled package',
        setup({ onResolve }) {
          onResolve({ filter: /^\.\.\/\.\.\/src\// }, ({ path }) => ({
            path: path.replace('../../src/', '../../../dist/').replace(/\.ts$/, '.js'),
            external: true,
          }));
        },
      },
    ],
  });
}
