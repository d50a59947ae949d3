// Writes API pages of all doors of the package from their docstrings to docs/api/, which git ignores.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureTools, toolPath } from './package/tools.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!ensureTools()) {
  console.error('docs: its tools, scripts/package/package.json, cannot be installed; npm says why above.');
  process.exit(1);
}
const { status } = spawnSync(
  process.execPath,
  [toolPath('typedoc/bin/typedoc'), '--options', 'scripts/package/typedoc.json'],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
