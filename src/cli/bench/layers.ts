/** Where the time of a training step goes, layer by layer. */
import { writeFileAtomic } from '../../data/files/atomic.ts';
import type { Device } from '../../gpu/device.ts';
import { layerName } from '../../gpu/launch.ts';
import type { TimedLaunch } from '../../gpu/profiler.ts';
import { type Ceilings, measureCeilings } from '../../kernels/ceilings.ts';
import { type OutputKind, requireOutput, textKind } from '../../workflow/common/outputs.ts';
import { ceilingsText, group, type ProfileRow, rowsText } from '../profile/profile.ts';
import { roofline } from '../profile/roofline.ts';
import { type Bench, type Workload, workloadText } from './workload.ts';

interface LayersResult {
  workload: Workload;
  ceilings: Ceilings;
  /** In the order in which a step comes to them. */
  layers: ProfileRow[];
}

/** The networks that are shown when nothing else is asked for: the others are the same. */
const SHOWN = /^(G_A|D_A)\./;
const STEPS = 7;

/**
 * Profiles the replay of a step.
 *
 * @param filter a part of the names of the layers to show; default: those of one generator and one discriminator
 */
export async function benchLayers(device: Device, bench: Bench, filter: string | undefined): Promise<LayersResult> {
  const steps = await profileSteps(device, bench, STEPS);
  const ceilings = await measureCeilings(device);
  const isShown = (name: string) => (filter === undefined ? SHOWN.test(name) : name.includes(filter));
  const layers = group(steps, ceilings, layerName).filter(({ name }) => isShown(name));
  return { workload: bench.workload, ceilings, layers };
}

/** The launches of so many replayed steps, after two that warm up; each by itself, so that it belongs to one layer. */
export async function profileSteps(device: Device, bench: Bench, count: number): Promise<TimedLaunch[][]> {
  const capture = device.capture(bench.step, { fused: false });
  try {
    const steps: TimedLaunch[][] = [];
    for (let step = -2; step < count; step++) {
      const profile = await device.profile(() => capture.replay());
      if (step >= 0) steps.push(profile);
    }
    return steps;
  } finally {
    capture.dispose();
  }
}

const ROOFLINE: OutputKind = {
  ...textKind('a roofline', /^<svg [^>]*aria-label="Generator, forward pass/),
  picture: '.svg',
};

/** Refuses a file for the drawing that would overwrite something else, before anything is measured. @throws UsageError */
export function requireRoofline(path: string | undefined): void {
  if (path !== undefined) requireOutput('--roofline', path, ROOFLINE);
}

/** Draws the generator's layers of the forward pass under the device's ceilings. */
export function writeRoofline(device: Device, path: string, { workload, ceilings, layers }: LayersResult): void {
  const generator = /^G_A\.(.*) forward$/;
  const points = layers.flatMap((row) => {
    const name = generator.exec(row.name)?.[1];
    return name === undefined ? [] : [{ ...row, name }];
  });
  const title = `Generator, forward pass of a training step: ${workloadText(workload)}`;
  const subtitle = `${device.info.name}, ${new Date().toISOString().slice(0, 10)}`;
  writeFileAtomic(path, roofline({ title, subtitle }, ceilings, points));
}

/** The result for people. */
export function layersText(device: Device, { workload, ceilings, layers }: LayersResult): string {
  return [
    `${device.info.name}: a training step, ${workloadText(workload)}`,
    ceilingsText(ceilings),
    '',
    rowsText('layer', layers),
  ].join('\n');
}
