import { tmpdir } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // One process per test file: each has its own Dawn instance, and a crash of the driver names the file.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    provide: { oneOfProblems: 1 },
    env: {
      // Mesa prints a complaint for every device made without it.
      XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir(),
      // Which kernel is fastest here must not decide what the tests of commands see, nor may they write to the user's cache.
      CYCLOPS_TUNE: 'off',
    },
  },
});
