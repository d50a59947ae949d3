import { describe, expect, test } from 'vitest';
import { sourceText } from '../../../src/kernels/source.ts';
import { operations } from '../../../src/kernels/tuning/operations.ts';
import * as conv2d from './suites/conv2d.ts';
import * as instanceNorm from './suites/instance-norm.ts';
import * as matmul from './suites/matmul.ts';
import * as reduce from './suites/reduce.ts';
import * as reduceAxes from './suites/reduce-axes.ts';

test('every operation with variants has an oracle', () => {
  const suites = [conv2d, instanceNorm, matmul, reduce, reduceAxes].flatMap((family) => Object.values(family));
  expect(suites.map(({ operation }) => operation)).toEqual(expect.arrayContaining([...operations]));
});

describe.each(operations)('$name', ({ variants }) => {
  test.each(variants)('$name says which kernels it launches, and whether they use workgroup memory', (variant) => {
    expect(variant.sources.length).toBeGreaterThan(0);
    const declares = variant.sources.some((source) => sourceText(source).includes('var<workgroup>'));
    expect(variant.workgroupBytes > 0).toBe(declares);
  });

  test('ends with a variant for every adapter', () => {
    expect(variants.at(-1)?.madeFor).toBe('any');
  });
});
