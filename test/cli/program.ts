/** The command line of the sources, which can load modules in TypeScript. */
export const SOURCES: readonly string[] = ['--import', 'tsx', 'src/cli/main.ts'];

/**
 * What Node runs as the command line: the sources, or with CYCLOPS_TEST=built what `npm run build` made of them, which is what users have and
 * starts in half the time.
 */
export const PROGRAM: readonly string[] = process.env.CYCLOPS_TEST === 'built' ? ['bin/cyclops.js'] : SOURCES;
