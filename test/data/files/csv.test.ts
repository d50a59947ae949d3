import { describe, expect, it } from 'vitest';
import { csvLine, withoutGuard } from '../../../src/data/files/csv.ts';

/** The fields of a line of RFC 4180, by its grammar. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  for (let match = field.exec(line); match; match = field.exec(line)) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
  }
  expect(field.lastIndex).toBe(0);
  return fields;
}

describe('a line of a table', () => {
  it('comes back as it was, whatever is in it', () => {
    const texts = [
      'plain',
      '',
      'a,b',
      'say "a"',
      '"',
      'two\nlines',
      'two\r\nlines',
      ' spaces ',
      'ü–漢',
      "it's",
      '1-2',
      'a=b',
    ];
    expect(fieldsOf(csvLine(texts))).toEqual(texts);
    expect(csvLine(['a', 'b,c', 'd "e"', null])).toBe('a,"b,c","d ""e""",\r\n');
  });

  it('has numbers with all their digits, also below zero', () => {
    const numbers = [0, -0.1, 0.1 + 0.2, 1e-7, -1e300, 12345678901];
    expect(fieldsOf(csvLine(numbers)).map(Number)).toEqual(numbers);
  });

  it.each([
    '=1+1.png',
    '+1.png',
    '-1.png',
    '@SUM(1).png',
    '\t=1',
    '\r=1',
    '\n=1',
    '＝1',
    '=HYPERLINK("http://a","b,c")',
  ])('shows %j to a spreadsheet, which would run it', (text) => {
    const line = csvLine(['a', text, 3]);
    expect(fieldsOf(line)).toEqual(['a', `'${text}`, '3']);
    expect(withoutGuard(`'${text}`)).toBe(text);
    expect(line).toMatch(/^a,"?'/);
  });

  it('quotes what would fall into two cells where semicolons or tabs divide them', () => {
    expect(csvLine(['a;=1+1', 'b\t=1', 'c'])).toBe('"a;=1+1","b\t=1",c\r\n');
  });
});
