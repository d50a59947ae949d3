import { tmpdir } from 'node:os';
import { endOnInterrupt } from './interrupt.ts';
import { outliveReaders } from './standard-streams.ts';

endOnInterrupt();
outliveReaders();

// Mesa, whose Vulkan driver runs on the CPU, warns at every start where this is unset.
process.env.XDG_RUNTIME_DIR ??= tmpdir();

// The commands take a while to load, in which signals and closed pipes are met likewise.
const { run } = await import('./program.ts');
process.exitCode = await run(process.argv.slice(2));
