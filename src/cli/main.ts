import { tmpdir } from 'node:os';
import { EXIT } from './failure.ts';
import { run } from './program.ts';

// A reader that stops early, such as head, is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  process.stderr.write(`Standard output cannot be written: ${error.message}. Free space there or send it elsewhere.\n`);
  process.exit(EXIT.failed);
});
// Messages that nobody reads must not stop the work.
process.stderr.on('error', () => {});

// Mesa, whose Vulkan driver runs on the CPU, warns at every start where this is unset.
process.env.XDG_RUNTIME_DIR ??= tmpdir();

process.exitCode = await run(process.argv.slice(2));
