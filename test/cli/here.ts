import { vi } from 'vitest';
import { run } from '../../src/cli/program.ts';

/** Runs the command line in this process: for what needs no device. */
export async function here(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      printed[name] += text;
      return true;
    }),
  );
  try {
    const code = await run(args);
    return { code, stdout: printed.stdout, stderr: printed.stderr.replaceAll('\n', ' ') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
