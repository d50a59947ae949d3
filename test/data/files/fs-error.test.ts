import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { unexpectedFileError } from '../../../src/data/files/fs-error.ts';
import { useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();

it('says that the current folder is gone, where a relative path was to be resolved', () => {
  const program = `
    const { mkdtempSync, rmdirSync } = require('node:fs');
    const folder = mkdtempSync(process.argv[1] + '/gone-');
    process.chdir(folder);
    rmdirSync(folder);
    try { process.cwd(); } catch ({ message, code, syscall }) { console.log(JSON.stringify({ message, code, syscall })); }
  `;
  const thrown = JSON.parse(execFileSync(process.execPath, ['-e', program, path()], { encoding: 'utf8' }));
  const error = Object.assign(new Error(thrown.message), thrown);
  expect(unexpectedFileError(error)?.message).toMatch(/^The current folder is gone/);
});

it('names path and cause of an operation that nobody expected to fail, and leaves faults of ours alone', () => {
  writeFileSync(path('file'), '');
  const thrown = (() => {
    try {
      return writeFileSync(path('file', 'below'), '');
    } catch (error) {
      return error;
    }
  })();
  expect(unexpectedFileError(thrown)?.message).toBe(
    `cannot use ${path('file', 'below')}: a part of this path is a file where a folder is needed; check the path (ENOTDIR).`,
  );
  expect(unexpectedFileError(new TypeError('x is undefined'))).toBeNull();
});
