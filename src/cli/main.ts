import { tmpdir } from 'node:os';
import { run } from './program.ts';
import { outliveReaders } from './standard-streams.ts';

outliveReaders();

// Mesa, whose Vulkan driver runs on the CPU, warns at every start where this is unset.
process.env.XDG_RUNTIME_DIR ??= tmpdir();

process.exitCode = await run(process.argv.slice(2));
