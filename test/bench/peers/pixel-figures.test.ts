import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { maskOnMap } from '../../../src/anomaly/evaluation/mask-on-map.ts';
import { PixelMetrics } from '../../../src/anomaly/metrics/pixel-metrics.ts';

/** A Python that has NumPy, which the peer's figures need. */
const python = ['python3', '/usr/bin/python3'].find((name) => spawnSync(name, ['-c', 'import numpy']).status === 0);

const SCRIPT = `
import json, sys
import numpy as np
from pixel_figures import mask_on_map, pixel_figures
case = json.load(sys.stdin)
size = case["size"]
masks = [np.array(mask["inside"]).reshape(mask["height"], mask["width"]) for mask in case["masks"]]
inside = [mask_on_map(mask, size) for mask in masks]
maps = [np.array(values, dtype=np.float32).reshape(size, size) for values in case["maps"]]
print(json.dumps({"inside": [mask.astype(int).ravel().tolist() for mask in inside], "figures": pixel_figures(maps, inside)}))
`;

/** Blobs that overlap and touch, so that regions have many shapes. */
function randomMask(width: number, height: number) {
  const inside = new Uint8Array(width * height);
  for (let blob = 0; blob < 6; blob++) {
    const [x, y, side] = [Math.random() * width, Math.random() * height, 1 + Math.random() * 6];
    for (let i = 0; i < inside.length; i++) {
      if (Math.abs((i % width) - x) + Math.abs(Math.floor(i / width) - y) < side) inside[i] = 1;
    }
  }
  return { width, height, inside };
}

describe.runIf(python)('the figures of the peers in PyTorch', () => {
  it.each([
    [16, 4096],
    [24, 8],
    [40, 64],
  ])('are those of Cyclops on maps of %i px, of %i values', (size, values) => {
    const masks = [randomMask(size, size), randomMask(37, 29), randomMask(11, 90), randomMask(size * 2, size * 2)];
    const inside = masks.map((mask) => maskOnMap(mask, { width: size, height: size }, 4));
    const maps = inside.map((mask) =>
      Float32Array.from(mask, (is) => Math.floor(values * (0.7 * Math.random() + (is ? 0.3 : 0))) / values),
    );
    const metrics = new PixelMetrics();
    for (const [i, map] of maps.entries()) metrics.add(map, inside[i] ?? null, size, size);

    const input = JSON.stringify({
      size,
      maps: maps.map((map) => [...map]),
      masks: masks.map((mask) => ({ ...mask, inside: [...mask.inside] })),
    });
    const env = { ...process.env, PYTHONPATH: fileURLToPath(new URL('../../../bench/peers', import.meta.url)) };
    const { stdout, stderr } = spawnSync(python ?? '', ['-B', '-c', SCRIPT], { input, env, encoding: 'utf8' });
    expect(stderr).toBe('');
    const found = JSON.parse(stdout);
    expect(found.inside).toEqual(inside.map((mask) => [...mask]));
    const expected = metrics.figures();
    expect(found.figures.regions).toBe(expected?.regions);
    expect(found.figures.auroc).toBeCloseTo(expected?.auroc ?? Number.NaN, 12);
    expect(found.figures.aupro).toBeCloseTo(expected?.aupro ?? Number.NaN, 12);
  });
});
