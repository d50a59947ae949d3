#!/usr/bin/env node
// The engine needs WebGPU alone, and who installs it so (`npm install --omit=optional`) has no command.
try {
  await import('../dist/cli/main.js');
} catch (error) {
  const missing = /^Cannot find package '([^']+)'/.exec(error?.message ?? '')?.[1];
  if (!missing) throw error;
  process.stderr.write(
    `The command cyclops needs the package ${missing}, which is not installed. Install cyclops-vision without --omit=optional.\n`,
  );
  process.exitCode = 1;
}
