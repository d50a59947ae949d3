import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readSweep } from '../../src/workflow/sweep-file.ts';
import { expectRefusal, put, useTemporaryFolder } from '../data/support.ts';

const path = useTemporaryFolder();
const sweep = {
  sets: { pits: 'data/pits', tiles: '/sets/tiles' },
  options: { plain: {}, wide: { preset: 'small', ngf: 48, 'lambda-A': 5, 'local-contrast': true } },
  seeds: [3, 1],
};
const read = (changed: object) => readSweep(put(path('sweep.json'), JSON.stringify({ ...sweep, ...changed })));

describe('a sweep', () => {
  it('trains every variant on every set with every seed, and leaves open what nobody gives', () => {
    const { sets, runs } = read({});
    expect(sets).toEqual({ pits: path('data', 'pits'), tiles: '/sets/tiles' });
    expect(runs.map(({ name }) => name)).toEqual(
      ['plain', 'wide'].flatMap((variant) =>
        ['pits', 'tiles'].flatMap((set) => [3, 1].map((seed) => `${variant}.${set}.${seed}`)),
      ),
    );
    expect(runs[1]?.options).toEqual({ preset: 'quick', config: { seed: 1 } });
    expect(runs[4]?.options).toEqual({
      preset: 'small',
      config: { ngf: 48, lambdaA: 5, localContrast: true, seed: 3 },
    });
  });

  it('is what docs/cluster.md shows', () => {
    const [, example = ''] = /```json\n(.*?)```/s.exec(readFileSync('docs/cluster.md', 'utf8')) ?? [];
    expect(readSweep(put(path('sweep.json'), example)).runs).toHaveLength(12);
  });

  it('is refused where it says what cannot be', () => {
    const refused: [object, string[]][] = [
      [{ options: { wide: { ngff: 48 } } }, ["options.wide has 'ngff'", 'preset, input-nc']],
      [{ options: { wide: { ngf: 'many' } } }, ['--ngf', 'options.wide']],
      [{ options: { wide: { seed: 3 } } }, ["has 'seed'"]],
      [{ options: { wide: { preset: 'large' } } }, ['the preset "large"', 'tiny, quick']],
      [{ options: { 'a/b': {} } }, ["the name 'a/b'"]],
      [{ sets: {} }, ['names no sets']],
      [{ seeds: [1, 1] }, ['the seed 1 twice']],
      [{ seeds: [1.5] }, ['seeds[0]', 'a whole number']],
      [{ stes: {} }, ['stes']],
    ];
    for (const [changed, texts] of refused) expectRefusal(() => read(changed), ...texts);
    const texts = {
      '{"sets":{"a":"a"},"options":{"x":{"steps":1},"\\u0078":{"steps":2}},"seeds":[1]}': "has 'x' twice in one object",
      '{"sets":{"a":"a"},"options":{"x":{},"__proto__":{"steps":2}},"seeds":[1]}': 'no name among __proto__',
    };
    for (const [text, told] of Object.entries(texts))
      expectRefusal(() => readSweep(put(path('sweep.json'), text)), told, path('sweep.json'));
  });
});
