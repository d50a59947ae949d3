import { describe, expect, it } from 'vitest';
import { operations } from '../../../src/kernels/tuning/operations.ts';
import { cyclops } from '../support.ts';

describe('cyclops kernels', () => {
  it('lists every variant of every operation with what it is made for and its kernels, without a device', async () => {
    const { code, stdout, stderr } = await cyclops('kernels');
    const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(rows[0]).toEqual(['operation', 'variant', 'made for', 'kernels']);
    for (const { name, variants } of operations) {
      const listed = rows.filter(([operation]) => operation === name);
      expect(listed).toEqual(variants.map((one) => [name, one.name, one.madeFor, one.sources.join(', ')]));
    }
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it.each(['f32', 'f16'])('shows the texts of a variant for %s with everything that they include', async (dtype) => {
    const { code, stdout } = await cyclops('kernels', 'conv2d.weightGrad=tiled', '--dtype', dtype);
    expect(stdout).toMatch(/conv2d\/weight-grad-tiled\.wgsl for f\d\d.*reduce\/sum-parts\.wgsl for f\d\d/s);
    expect(stdout).toContain(`alias Element = ${dtype};`);
    expect(stdout).toContain('struct Conv {');
    expect(stdout.match(/^fn main\(/gm)).toHaveLength(2);
    expect(stdout).not.toMatch(/^\s*\/\/ #include/m);
    expect(code).toBe(0);
  });

  it.each([
    ['conv2d.forward=huge', /conv2d\.forward has no variant 'huge'; expected one of .*tiled/],
    ['pooling=tiled', /no operation 'pooling' has variants; expected one of conv2d\.forward, .*reduce/],
    ['tiled', /expected OPERATION=VARIANT, e\.g\. conv2d\.forward=naive; got 'tiled'/],
  ])('refuses %s and says what there is', async (choice, message) => {
    const { code, stdout, stderr } = await cyclops('kernels', choice);
    expect(stderr.replaceAll('\n', ' ')).toMatch(message);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
