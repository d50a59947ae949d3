import { expect, onTestFinished, test } from 'vitest';
import { openBench, workloadFrom } from '../../src/cli/bench/workload.ts';
import { Device } from '../../src/gpu/device.ts';
import { fuse } from '../../src/gpu/fusion.ts';

test("a step of the paper's configuration is less than half as many launches where alike ones are done together", async () => {
  const device = await Device.open({ backend: 'null' });
  onTestFinished(() => device.close());
  const bench = openBench(device, workloadFrom(device, {}));
  onTestFinished(() => bench.dispose());
  bench.step();
  const { launches } = device.trace(bench.step);
  const fused = fuse(launches, { bindings: 16, workgroups: 65_535 });
  expect([launches.length, fused.length]).toEqual([909, 426]);
  // All that the generators do on the way forward, and the discriminators back, in lockstep.
  const alone = fused.filter(({ kernel, layer }) => layer && !kernel.name.includes('×'));
  expect(alone.map(({ layer }) => layer?.path)).toEqual([]);
});
