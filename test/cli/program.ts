/**
 * What Node runs as the command line: the sources, or with CYCLOPS_TEST=built what `npm run build` made of them, which is what users have and
 * starts in half the time.
 */
export const PROGRAM: readonly string[] =
  process.env.CYCLOPS_TEST === 'built' ? ['bin/cyclops.js'] : ['--import', 'tsx', 'src/cli/main.ts'];
