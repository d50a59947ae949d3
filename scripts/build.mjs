// Checks the shaders, compiles src/ to dist/ and puts the WGSL files where the compiled loader looks for them.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
const checker = ['--import', 'tsx', 'scripts/check-shaders.ts'];
const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'];
for (const step of [checker, compiler]) {
  const { status } = spawnSync(process.execPath, step, { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}
cpSync('src/kernels/wgsl', 'dist/kernels/wgsl', { recursive: true });
