import { randomBytes, randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { crc32 } from '../../../src/data/files/crc32.ts';
import { crc32 as crc32InPage } from '../../../src/data/files/crc32-in-page.ts';

it.each([crc32, crc32InPage])('gives the check value of the standard', (sum) => {
  expect(sum(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  expect(sum(new Uint8Array())).toBe(0);
});

it('is the same in a page', () => {
  for (let i = 0; i < 200; i++) {
    const bytes = new Uint8Array(randomBytes(randomInt(300))).subarray(randomInt(3));
    expect(crc32InPage(bytes)).toBe(crc32(bytes));
  }
});
