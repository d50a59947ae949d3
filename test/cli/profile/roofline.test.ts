import { describe, expect, it } from 'vitest';
import { type RooflinePoint, roofline } from '../../../src/cli/profile/roofline.ts';
import type { Ceilings } from '../../../src/kernels/ceilings.ts';
import { elementsOf } from './xml.ts';

const ceilings: Ceilings = {
  copyBytesPerSecond: 10e9,
  f32FlopsPerSecond: 100e9,
  f16FlopsPerSecond: null,
  matrix: { shape: '8×8×8 f16→f32', flopsPerSecond: 400e9 },
  matrices: [],
  launchSeconds: 1e-5,
};
const title = { title: 'Layers of "G_A" & <others>', subtitle: 'on a <device>' };

function point(name: string, intensity: number, gflopsPerSecond: number): RooflinePoint {
  return { name, flops: 1e6 * intensity, bytes: 1e6, gflopsPerSecond, ofCeiling: 0.5 };
}

/** The places of all elements of a class, by their attributes. */
function dotsOf(svg: string): { x: number; y: number }[] {
  return elementsOf(svg)
    .filter(({ attributes }) => attributes.get('class') === 'dot')
    .map(({ attributes }) => ({ x: Number(attributes.get('cx')), y: Number(attributes.get('cy')) }));
}

describe('roofline', () => {
  it('is an SVG of its own with a dot and a label for each point, whatever they are called', () => {
    const points = [point('model.1', 50, 30), point('<&">', 2, 5), point('model.2', 50, 30)];
    const svg = roofline(title, ceilings, points);
    const [root] = elementsOf(svg);
    expect(root?.name).toBe('svg');
    expect(root?.attributes.get('xmlns')).toBe('http://www.w3.org/2000/svg');
    expect(dotsOf(svg)).toHaveLength(3);
    for (const name of ['model.1', '&lt;&amp;&quot;&gt;', 'model.2']) expect(svg).toContain(`>${name} <tspan`);
    expect(svg).toContain('f32 100 GFLOP/s');
    expect(svg).toContain('matrices 8×8×8 f16→f32 400 GFLOP/s');
    expect(svg).not.toContain('f16 ');
  });

  it('has logarithmic axes: equal factors are equal ways, faster is higher', () => {
    const svg = roofline(title, ceilings, [point('c', 100, 40), point('b', 10, 4), point('a', 1, 0.4)]);
    const [c, b, a] = dotsOf(svg);
    if (!a || !b || !c) throw new Error('unreachable');
    expect(c.x - b.x).toBeCloseTo(b.x - a.x, 0);
    expect(a.y - b.y).toBeCloseTo(b.y - c.y, 0);
    expect(c.y).toBeLessThan(b.y);
  });

  it('a point at the ridge lies where both ceilings meet', () => {
    const svg = roofline(title, ceilings, [point('ridge', 10, 100)]);
    const [dot] = dotsOf(svg);
    const lines = elementsOf(svg).filter(({ attributes }) => attributes.get('class') === 'ceiling');
    const ends = lines.map(({ attributes }) => attributes.get('d'));
    expect(ends[0]).toMatch(new RegExp(`L${dot?.x} ${dot?.y}$`));
    expect(ends[1]).toMatch(new RegExp(`^M${dot?.x} ${dot?.y}H`));
  });

  it('keeps labels apart and inside, also where many points are as fast', () => {
    const svg = roofline(
      title,
      ceilings,
      Array.from({ length: 60 }, (_, i) => point(`layer.${i}`, 50, 30 + 0.01 * i)),
    );
    const heights = [...svg.matchAll(/y="([\d.]+)">layer\.\d+ <tspan/g)]
      .map(([, y]) => Number(y))
      .sort((a, b) => a - b);
    expect(heights).toHaveLength(60);
    for (const [i, y] of heights.entries()) expect(y - (heights[i - 1] ?? -Infinity)).toBeGreaterThanOrEqual(13.9);
    expect(heights.at(-1)).toBeLessThan(Number(elementsOf(svg)[0]?.attributes.get('height')));
  });

  it('leaves out what has no place on such axes', () => {
    const svg = roofline(title, ceilings, [point('copies', 0, 0), point('model.1', 5, 3)]);
    expect(dotsOf(svg)).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity/);
  });
});
