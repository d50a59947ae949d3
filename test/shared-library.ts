import { spawnSync } from 'node:child_process';

/**
 * Compiles a file of C into a library that a process loads.
 *
 * @param source @param library paths
 * @returns why there is none; null where there is one
 */
export function compileLibrary(source: string, library: string): string | null {
  const { status, error, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-Wall', '-Werror', '-o', library, source], {
    encoding: 'utf8',
  });
  return status === 0 ? null : `no compiler made it: ${error?.message ?? stderr.trim()}`;
}
