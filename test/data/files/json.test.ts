import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { checkJson, described, parseJson } from '../../../src/data/files/json.ts';
import { readJson } from '../../../src/data/files/json-file.ts';
import {
  byName,
  finite,
  hexadecimal,
  list,
  object,
  oneOf,
  text,
  whole,
  yesOrNo,
} from '../../../src/data/files/schema.ts';
import { expectRefusal, put, useTemporaryFolder } from '../support.ts';

const path = useTemporaryFolder();
const recipe = described(
  object({
    cups: whole(1, 9),
    grams: finite(0),
    size: oneOf(['small', 'large']),
    baked: v.optional(yesOrNo, false),
    cook: v.exactOptional(text),
    steps: list(object({ minutes: whole() })),
    spices: byName(finite(0, 1)),
    hash: hexadecimal(4),
  }),
  { holds: 'a recipe', remedy: 'Write it again.' },
);
const good = { cups: 2, grams: 0.5, size: 'small', steps: [{ minutes: 3 }], spices: { salt: 0.25 }, hash: '00ff' };
const refused = (value: unknown, ...texts: string[]) =>
  expectRefusal(() => checkJson(value, recipe, 'soup.json'), 'soup.json does not hold a recipe: ', ...texts);

describe('a schema', () => {
  it('gives what it describes, with defaults and without what it does not know', () => {
    expect(parseJson(JSON.stringify({ ...good, weather: 'rain' }), recipe, 'x')).toStrictEqual({
      ...good,
      baked: false,
    });
    expect(readJson(put(path('soup.json'), `\ufeff${JSON.stringify(good)}\n`), recipe)).toMatchObject(good);
  });

  it.each<[Record<string, unknown>, string]>([
    [{ cups: 10 }, 'cups is 10; expected a whole number from 1 to 9. Write it again.'],
    [{ cups: 1.5 }, 'cups is 1.5; expected a whole number from 1 to 9'],
    [{ cups: '2' }, 'cups is "2"; expected a whole number'],
    [{ cups: undefined }, 'cups is missing; expected a whole number from 1 to 9'],
    [{ grams: Number.POSITIVE_INFINITY }, 'grams is Infinity; expected a number from 0 up'],
    [{ grams: null }, 'grams is null; expected a number from 0 up'],
    [{ size: 'huge' }, 'size is "huge"; expected small or large'],
    [{ baked: 1 }, 'baked is 1; expected true or false'],
    [{ cook: 7 }, 'cook is 7; expected a text'],
    [{ steps: {} }, 'steps is an object with 0 keys; expected a list'],
    [{ steps: [{ minutes: 3 }, {}] }, 'steps[1].minutes is missing; expected a whole number from 0 up'],
    [{ steps: [[]] }, 'steps[0].minutes is missing; expected a whole number'],
    [{ spices: [] }, 'spices is a list of 0; expected an object'],
    [{ spices: { salt: 2 } }, 'spices.salt is 2; expected a number from 0 to 1'],
    [{ spices: { 'the\nsalt': 2 } }, "spices['the\\nsalt'] is 2"],
    [{ hash: '00fg' }, 'hash is "00fg"; expected 4 hexadecimal digits'],
  ])('refuses %j', (changes, text) => refused({ ...good, ...changes }, text));

  it.each([[[]], [null], [3], ['soup']])('refuses %j as a whole', (value) => refused(value, 'expected'));

  it('refuses what is missing', () => {
    const { cups: _, ...without } = good;
    refused(without, 'cups is missing; expected a whole number from 1 to 9');
  });
});

it('a text that is not JSON is not shown: its file may be a link to what nobody is to see', () => {
  try {
    parseJson('root:$6$secret:', recipe, 'soup.json');
  } catch (error) {
    expect(String(error)).toContain('it is not JSON (15 characters)');
    expect(String(error)).not.toContain('root');
  }
  expect.assertions(2);
});

describe('a refusal is short, however much came', () => {
  const deep = '['.repeat(200_000) + ']'.repeat(200_000);
  const megabytes = 'a'.repeat(4e6);
  it.each<[string, string, string]>([
    ['text that is not JSON', `{"${megabytes}`, '(4000002 characters)'],
    ['an endless value', JSON.stringify({ ...good, size: megabytes }), '(4000000 characters)'],
    ['an endless key', JSON.stringify({ ...good, spices: { [megabytes]: 2 } }), '(4000000 characters)'],
    ['a deep value', JSON.stringify({ ...good, size: '?' }).replace('"?"', deep), 'nested more than 64 deep'],
    ['a deep file', deep, 'nested more than 64 deep'],
    [
      'a text of megabytes',
      JSON.stringify({ ...good, cook: megabytes }),
      'expected a text of at most 65536 characters',
    ],
  ])('%s', (_, json, text) => {
    expectRefusal(() => parseJson(json, recipe, 'soup.json'), 'soup.json', text);
    try {
      parseJson(json, recipe, 'soup.json');
    } catch (error) {
      expect(String(error).length).toBeLessThan(300);
    }
  });
});
