import { expect, test } from 'vitest';
import { csvLine } from '../../src/data/files/csv.ts';
import { csvField } from '../../src/page/client/csv-field.ts';

const PIECES = [
  '=',
  '+',
  '-',
  '@',
  '\t',
  '\r',
  '\n',
  '＝',
  '＋',
  '－',
  '＠',
  '"',
  ',',
  ';',
  "'",
  ' ',
  'a',
  'é',
  '1',
  '',
];

test('fields in a page are those of Node, whatever they begin with or hold', () => {
  for (const first of PIECES) {
    for (const second of PIECES) {
      for (const third of PIECES) {
        const text = `${first}${second}${third}`;
        expect(`${csvField(text)}\r\n`, JSON.stringify(text)).toBe(csvLine([text]));
      }
    }
  }
});
