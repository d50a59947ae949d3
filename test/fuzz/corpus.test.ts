import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CyclopsError } from '../../src/gpu/errors.ts';
import { READERS } from './readers.ts';
import { faultOf } from './verdict.ts';

const CORPUS = fileURLToPath(new URL('../corpus', import.meta.url));

/** What was found once, and mended since. */
describe('the corpus', () => {
  it('has folders of readers alone', () => {
    const names = READERS.map(({ name }) => name);
    expect(readdirSync(CORPUS).filter((name) => !names.includes(name))).toEqual(['README.md']);
  });
  for (const reader of READERS) {
    const folder = join(CORPUS, reader.name);
    if (!existsSync(folder)) continue;
    it.each(readdirSync(folder))(`${reader.name} reads or refuses %s`, async (file) => {
      const fault = await Promise.resolve()
        .then(() => reader.read(readFileSync(join(folder, file))))
        .then(() => null, faultOf);
      expect(fault).toBeNull();
    });
  }
});

describe('faultOf', () => {
  it('takes an error of ours for none, and any other for one', () => {
    expect(faultOf(new CyclopsError('a.json holds no model: expected a list. Restore it.'))).toBeNull();
    expect(faultOf(new TypeError('x is not a function'))).toContain('TypeError');
    expect(faultOf(new CyclopsError(`expected a list, got undefined`))).toContain("'undefined'");
    expect(faultOf(new CyclopsError('x'.repeat(5000)))).toContain('5000 characters');
  });
});
